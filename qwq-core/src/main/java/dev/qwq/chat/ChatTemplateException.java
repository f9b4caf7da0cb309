package dev.qwq.chat;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;

/** A chat template that does not parse, fails, or exceeds a limit; code {@code TEMPLATE_FAILED}. */
public final class ChatTemplateException extends QwqException {
  private static final long serialVersionUID = 1L;

  /** From 1. */
  private final int line;

  /** From 1. */
  private final int column;

  /** Whether the template itself refused, by {@code raise_exception}. */
  private final boolean raisedByTemplate;

  ChatTemplateException(
      String message, int line, int column, boolean raisedByTemplate, Throwable cause) {
    super(
        ErrorCode.TEMPLATE_FAILED,
        raisedByTemplate
            ? message
            : "chat template, line " + line + ", column " + column + ": " + message,
        cause);
    this.line = line;
    this.column = column;
    this.raisedByTemplate = raisedByTemplate;
  }

  /**
   * Returns the line of the template.
   *
   * @return from 1
   */
  public int line() {
    return line;
  }

  /**
   * Returns the column in that line.
   *
   * @return in UTF-16 units, from 1
   */
  public int column() {
    return column;
  }

  /**
   * Tells whether the template itself refused the conversation, by {@code raise_exception}; then
   * the message is the template's, verbatim.
   *
   * @return whether it did
   */
  public boolean raisedByTemplate() {
    return raisedByTemplate;
  }
}
