package dev.qwq;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * A call the model wants made.
 *
 * @param name the tool's name
 * @param arguments its arguments by name, in the model's order: strings, booleans, numbers, {@code
 *     null}, lists and maps of these; not modifiable
 */
public record ToolCall(String name, Map<String, Object> arguments) {
  /** Copies the arguments. */
  public ToolCall {
    Objects.requireNonNull(name, "name");
    arguments = Collections.unmodifiableMap(new LinkedHashMap<>(arguments));
  }
}
