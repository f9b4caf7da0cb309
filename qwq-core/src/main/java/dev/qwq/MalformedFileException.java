package dev.qwq;

import java.nio.file.Path;

/** A model, tokenizer or configuration file that is damaged or not what it claims to be. */
public final class MalformedFileException extends QwqException {
  private static final long serialVersionUID = 1L;

  private final transient Path file;

  /** The field in question. */
  private final String field;

  /**
   * Creates an exception.
   *
   * @param file the file at fault
   * @param field what in the file: a header field, a tensor name, a metadata key
   * @param expected what a sound file has there
   * @param found what this one has
   */
  public MalformedFileException(Path file, String field, String expected, String found) {
    super(
        ErrorCode.MALFORMED_FILE,
        file + ": " + field + ": expected " + expected + ", found " + found);
    this.file = file;
    this.field = field;
  }

  /**
   * Returns the file at fault.
   *
   * @return its path as the caller gave it
   */
  public Path file() {
    return file;
  }

  /**
   * Returns what in the file is wrong.
   *
   * @return a header field, tensor name or metadata key
   */
  public String field() {
    return field;
  }
}
