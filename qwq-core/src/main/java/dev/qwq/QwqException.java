package dev.qwq;

import java.util.Objects;

/**
 * Every failure qwq reports. The {@linkplain #code() code} is stable; the message is one sentence
 * that names file, field, expected and found where they apply.
 */
public class QwqException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** What went wrong. */
  private final ErrorCode code;

  /**
   * Creates an exception.
   *
   * @param code what went wrong
   * @param message one sentence for people
   */
  public QwqException(ErrorCode code, String message) {
    super(message);
    this.code = Objects.requireNonNull(code, "code");
  }

  /**
   * Creates an exception with a cause.
   *
   * @param code what went wrong
   * @param message one sentence for people
   * @param cause what led to it
   */
  public QwqException(ErrorCode code, String message, Throwable cause) {
    super(message, cause);
    this.code = Objects.requireNonNull(code, "code");
  }

  /**
   * Returns what went wrong.
   *
   * @return the code, never null
   */
  public ErrorCode code() {
    return code;
  }
}
