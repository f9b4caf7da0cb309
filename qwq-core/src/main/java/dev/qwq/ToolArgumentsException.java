package dev.qwq;

/**
 * The arguments of a tool call do not match the tool's parameters. Its code is {@code
 * INVALID_JSON}.
 */
public class ToolArgumentsException extends QwqException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates an exception.
   *
   * @param message what was expected and found, for the model
   */
  public ToolArgumentsException(String message) {
    super(ErrorCode.INVALID_JSON, message);
  }

  /**
   * Creates an exception with a cause.
   *
   * @param message what was expected and found, for the model
   * @param cause what led to it
   */
  public ToolArgumentsException(String message, Throwable cause) {
    super(ErrorCode.INVALID_JSON, message, cause);
  }
}
