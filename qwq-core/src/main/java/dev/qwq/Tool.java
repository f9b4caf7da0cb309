package dev.qwq;

import dev.qwq.schema.JsonType;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * A tool the model may call: what it is called, what it does and takes, and, if an {@link
 * dev.qwq.agent.Agent} is to call it, what happens then.
 *
 * @param name how the model calls it
 * @param description what it does, for the model
 * @param parameters a JSON Schema of its arguments: maps, lists, strings, numbers, booleans; the
 *     order of keys is kept in the prompt
 * @param handler what a call does; empty for a tool that the application runs itself, see {@link
 *     Message#tool}
 */
public record Tool(
    String name,
    String description,
    Map<String, Object> parameters,
    Optional<ToolHandler> handler) {
  /** Copies the schema's top level. */
  public Tool {
    if (name.isBlank()) {
      throw new QwqException(
          ErrorCode.INVALID_ARGUMENT, "tool name: expected a name, found nothing");
    }
    Objects.requireNonNull(description, "description");
    Objects.requireNonNull(handler, "handler");
    parameters = Collections.unmodifiableMap(new LinkedHashMap<>(parameters));
  }

  /**
   * Declares a tool that the application runs itself.
   *
   * @param name how the model calls it
   * @param description what it does, for the model
   * @param parameters a JSON Schema of its arguments
   */
  public Tool(String name, String description, Map<String, Object> parameters) {
    this(name, description, parameters, Optional.empty());
  }

  /**
   * Makes a tool of a record and what is to be done with it.
   *
   * @param <A> the record
   * @param name how the model calls it
   * @param description what it does, for the model
   * @param arguments the record of its arguments; see {@link JsonType} for what it may hold
   * @param function takes the arguments and returns the result: a {@link ToolResult}, a string that
   *     the model reads as it is, or an object that it reads as JSON; may be called by several
   *     threads at once
   * @return the tool
   * @throws QwqException with {@code INVALID_ARGUMENT} if there is no JSON Schema for the record
   */
  public static <A> Tool of(
      String name, String description, Class<A> arguments, ToolFunction<? super A> function) {
    Objects.requireNonNull(function, "function");
    JsonType<A> type = JsonType.of(arguments);
    if (!"object".equals(type.schema().get("type"))) {
      throw new QwqException(
          ErrorCode.INVALID_ARGUMENT,
          "tool " + name + ": expected a record for its arguments, found " + arguments.getName());
    }
    ToolHandler handler =
        values -> ToolResult.ofNullable(function.apply(Tools.read(() -> type.convert(values))));
    return new Tool(name, description, type.schema(), Optional.of(handler));
  }

  /**
   * Makes a tool of a JSON Schema and a function of a map.
   *
   * @param name how the model calls it
   * @param description what it does, for the model
   * @param parameters a JSON Schema of its arguments
   * @param function takes the arguments, which match the schema as far as {@link
   *     dev.qwq.schema.SchemaCheck} knows its keywords, and returns the result as for {@link
   *     #of(String, String, Class, ToolFunction)}
   * @return the tool
   */
  public static Tool of(
      String name,
      String description,
      Map<String, Object> parameters,
      ToolFunction<? super Map<String, Object>> function) {
    Objects.requireNonNull(function, "function");
    Map<String, Object> schema = new LinkedHashMap<>(parameters);
    ToolHandler handler =
        values -> {
          Tools.check(schema, values);
          return ToolResult.ofNullable(function.apply(values));
        };
    return new Tool(name, description, parameters, Optional.of(handler));
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
