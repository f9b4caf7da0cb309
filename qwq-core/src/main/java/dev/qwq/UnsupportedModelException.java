package dev.qwq;

import java.nio.file.Path;

/**
 * A sound file of a kind qwq does not run: architecture, tensor type, tokenizer or rope scaling.
 */
public final class UnsupportedModelException extends QwqException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates an exception.
   *
   * @param file the file
   * @param field what in the file
   * @param supported what qwq supports there
   * @param found what the file has
   */
  public UnsupportedModelException(Path file, String field, String supported, String found) {
    super(
        ErrorCode.UNSUPPORTED_MODEL,
        file + ": " + field + ": supported are " + supported + ", found " + found);
  }
}
