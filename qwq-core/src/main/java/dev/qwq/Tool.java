package dev.qwq;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * A tool the model may call.
 *
 * @param name how the model calls it
 * @param description what it does, for the model
 * @param parameters a JSON Schema of its arguments: maps, lists, strings, numbers, booleans; the
 *     order of keys is kept in the prompt
 */
public record Tool(String name, String description, Map<String, Object> parameters) {
  /** Copies the schema's top level. */
  public Tool {
    if (name.isBlank()) {
      throw new QwqException(
          ErrorCode.INVALID_ARGUMENT, "tool name: expected a name, found nothing");
    }
    Objects.requireNonNull(description, "description");
    parameters = Collections.unmodifiableMap(new LinkedHashMap<>(parameters));
  }

  /** This tool as chat templates expect it. */
  Map<String, Object> toTemplateValue() {
    Map<String, Object> function = new LinkedHashMap<>();
    function.put("name", name);
    function.put("description", description);
    function.put("parameters", parameters);
    Map<String, Object> tool = new LinkedHashMap<>();
    tool.put("type", "function");
    tool.put("function", function);
    return tool;
  }
}
