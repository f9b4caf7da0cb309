package dev.qwq.schema;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import java.lang.reflect.Method;
import java.lang.reflect.Parameter;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The parameters of a method as a JSON object: its JSON Schema, and JSON to arguments. Each
 * parameter may be what a record's component may, see {@link JsonType}. Immutable and safe for use
 * by many threads.
 */
public final class JsonParameters {
  private final List<Parameter> parameters;
  private final Map<String, Object> schema;

  private JsonParameters(Method method) {
    parameters = List.of(method.getParameters());
    ShapeBuilder builder = new ShapeBuilder();
    Shape.Struct struct = new Shape.Struct(method.getName(), "");
    for (Parameter parameter : parameters) {
      String where = method.getDeclaringClass().getName() + "." + method.getName();
      if (!parameter.isNamePresent()) {
        throw new QwqException(
            ErrorCode.INVALID_ARGUMENT,
            where + ": the names of its parameters are unknown: compile it with -parameters");
      }
      TypeUse use = TypeUse.of(parameter.getAnnotatedType(), TypeUse.Bindings.NONE);
      struct
          .properties()
          .add(
              builder.property(
                  parameter.getName(), use, parameter, where + "." + parameter.getName()));
    }
    schema = SchemaWriter.write(struct);
  }

  /**
   * Describes a method's parameters.
   *
   * @param method a method compiled with {@code -parameters}
   * @return their JSON
   * @throws QwqException with {@code INVALID_ARGUMENT}, naming the parameter that has no name or
   *     whose type has no JSON Schema
   */
  public static JsonParameters of(Method method) {
    return new JsonParameters(method);
  }

  /**
   * Returns the JSON Schema (draft 2020-12) of an object with a property for each parameter.
   *
   * @return maps, lists, strings, numbers and booleans; not modifiable, in a fixed order
   */
  public Map<String, Object> schema() {
    return schema;
  }

  /**
   * Makes arguments.
   *
   * @param values by name, maps, lists, strings, numbers, booleans and nulls that match the schema
   * @return one for each parameter, in order; null for one that may be absent, and is
   * @throws QwqException with {@code INVALID_JSON}, naming the place, what the schema asks for
   *     there and what was found
   */
  @SuppressWarnings("NullAway") // null is what an absent argument is
  public Object[] convert(Map<String, Object> values) {
    List<String> violations = Validator.violations(schema, values, true);
    if (!violations.isEmpty()) {
      throw new QwqException(ErrorCode.INVALID_JSON, String.join("; ", violations));
    }
    Object[] arguments = new Object[parameters.size()];
    for (int i = 0; i < arguments.length; i++) {
      Parameter parameter = parameters.get(i);
      Object value = values.get(parameter.getName());
      if (value != null) {
        arguments[i] = Json.convert(value, parameter.getParameterizedType());
      } else if (parameter.getType() == Optional.class) {
        arguments[i] = Optional.empty();
      }
    }
    return arguments;
  }
}
