package dev.qwq.schema;

import java.util.List;
import java.util.Map;

/**
 * Checks JSON values against a JSON Schema and names what does not match. It knows the keywords
 * {@code type}, {@code enum}, {@code const}, {@code properties}, {@code required}, {@code
 * additionalProperties}, {@code items}, {@code anyOf}, {@code oneOf}, {@code allOf}, {@code $ref}
 * into {@code $defs} or {@code definitions}, the limits of numbers, lengths and counts, {@code
 * pattern}, and of {@code format} dates, times, durations, {@code uuid} and {@code uri}; others it
 * ignores, as the standard allows.
 */
public final class SchemaCheck {
  private SchemaCheck() {}

  /**
   * Checks a value.
   *
   * @param schema a JSON Schema: maps, lists, strings, numbers, booleans
   * @param value maps, lists, strings, numbers, booleans, and nulls within
   * @return what does not match, a sentence each that begins with the place in the value, {@code
   *     cities[2].name: expected string, found 7} for example; empty if the value is valid
   */
  public static List<String> violations(Map<String, Object> schema, Object value) {
    return Validator.violations(schema, value, false);
  }
}
