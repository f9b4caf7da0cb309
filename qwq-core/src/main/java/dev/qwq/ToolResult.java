package dev.qwq;

import dev.qwq.schema.JsonText;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a tool call gave.
 *
 * @param text what the model reads
 * @param value the object the text was made of, for the application; empty if there was none
 * @param isError whether the call failed
 */
public record ToolResult(String text, Optional<Object> value, boolean isError) {
  /** Checks the parts. */
  public ToolResult {
    Objects.requireNonNull(text, "text");
    Objects.requireNonNull(value, "value");
  }

  /**
   * Makes a result of an object.
   *
   * @param value a string, which the model reads as it is, a {@code ToolResult}, which stays what
   *     it is, or another object, which the model reads as JSON
   * @return the result
   * @throws QwqException with {@code INVALID_ARGUMENT} if the object cannot be written as JSON
   */
  public static ToolResult of(Object value) {
    return switch (value) {
      case ToolResult result -> result;
      case CharSequence text -> new ToolResult(text.toString(), Optional.of(text), false);
      default -> new ToolResult(JsonText.of(value), Optional.of(value), false);
    };
  }

  /**
   * Makes the result of a call that failed.
   *
   * @param message what went wrong, for the model; it reads {@code {"error": message}}
   * @return the result
   */
  public static ToolResult error(String message) {
    return new ToolResult(JsonText.of(Map.of("error", message)), Optional.empty(), true);
  }

  /** The result of a function that may have returned null. */
  static ToolResult ofNullable(@Nullable Object value) {
    return value == null ? new ToolResult("null", Optional.empty(), false) : of(value);
  }
}
