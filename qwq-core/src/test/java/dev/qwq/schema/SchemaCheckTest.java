package dev.qwq.schema;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Every keyword, with a value that passes and one that does not. */
class SchemaCheckTest {
  @Test
  void types() {
    check("{\"type\": \"object\"}", "{}", "[]", "expected object, found []");
    check("{\"type\": \"array\"}", "[]", "{}", "expected array, found {}");
    check("{\"type\": \"string\"}", "\"\"", "1", "expected string, found 1");
    check("{\"type\": \"boolean\"}", "false", "0", "expected boolean, found 0");
    check("{\"type\": \"number\"}", "-1.5", "\"1\"", "expected number, found \"1\"");
    check("{\"type\": \"integer\"}", "2.0", "2.5", "expected integer, found 2.5");
    check(
        "{\"type\": [\"string\", \"null\"]}",
        "\"a\"",
        "true",
        "expected string or null, found true");
  }

  @Test
  void constantsAndEnumerations() {
    check("{\"const\": [1, {\"a\": null}]}", "[1.0, {\"a\": null}]", "[1]", "found [1]");
    check("{\"enum\": [\"a\", 1]}", "1", "\"b\"", "expected one of [\"a\", 1], found \"b\"");
  }

  @Test
  void numbers() {
    check("{\"minimum\": 1}", "1", "0.99", "expected at least 1, found 0.99");
    check("{\"maximum\": 1}", "1", "2", "expected at most 1, found 2");
    check("{\"exclusiveMinimum\": 1}", "1.01", "1", "expected above 1, found 1");
    check("{\"exclusiveMaximum\": 1}", "0", "1.0", "expected below 1, found 1.0");
    check("{\"multipleOf\": 0.1}", "0.3", "0.35", "expected a multiple of 0.1, found 0.35");
  }

  @Test
  void texts() {
    check("{\"minLength\": 2}", "\"ab\"", "\"😀\"", "expected at least 2 characters");
    check("{\"maxLength\": 1}", "\"😀\"", "\"ab\"", "expected at most 1 characters");
    check("{\"pattern\": \"^a+$\"}", "\"aa\"", "\"ab\"", "expected a text that matches ^a+$");
    check("{\"format\": \"date\"}", "\"2024-02-29\"", "\"2023-02-29\"", "format date");
    check("{\"format\": \"date-time\"}", "\"2024-02-29T01:02:03Z\"", "\"2024-02-29\"", "date-time");
    check("{\"format\": \"time\"}", "\"01:02:03Z\"", "\"25:00:00Z\"", "format time");
    check("{\"format\": \"duration\"}", "\"PT5M\"", "\"5 minutes\"", "format duration");
    check(
        "{\"format\": \"uuid\"}",
        "\"01234567-89ab-cdef-0123-456789abcdef\"",
        "\"x\"",
        "format uuid");
    check("{\"format\": \"uri\"}", "\"https://a.b\"", "\"a b\"", "format uri");
  }

  @Test
  void lists() {
    check("{\"items\": {\"type\": \"string\"}}", "[\"a\"]", "[\"a\", 1]", "[1]: expected string");
    check("{\"minItems\": 1}", "[0]", "[]", "expected at least 1 items");
    check("{\"maxItems\": 1}", "[0]", "[0, 0]", "expected at most 1 items");
  }

  @Test
  void objects() {
    String schema =
        "{\"properties\": {\"a\": {\"type\": \"object\", \"required\": [\"b\"]}},"
            + " \"additionalProperties\": false}";
    check(schema, "{\"a\": {\"b\": 1}}", "{\"a\": {}}", "a.b: expected a value, found nothing");
    check(schema, "{}", "{\"c\": 1}", "expected only [a], found c");
    check(
        "{\"additionalProperties\": {\"type\": \"boolean\"}}",
        "{\"x\": true}",
        "{\"x\": 1}",
        "x: expected boolean, found 1");
    check("{\"minProperties\": 1}", "{\"a\": 1}", "{}", "at least 1 properties");
    check("{\"properties\": {\"a\": false}}", "{}", "{\"a\": 1}", "a: expected nothing, found 1");
  }

  @Test
  void combinations() {
    check("{\"allOf\": [{\"minimum\": 1}, {\"maximum\": 2}]}", "1", "3", "at most 2");
    check(
        "{\"anyOf\": [{\"type\": \"string\"}, {\"type\": \"null\"}]}",
        "\"a\"",
        "1",
        "expected one of string, null, found 1");
    check("{\"oneOf\": [{\"minimum\": 1}, {\"maximum\": 2}]}", "3", "1.5", "2 that do");
    String figures =
        "{\"anyOf\": [{\"properties\": {\"type\": {\"const\": \"A\"}, \"x\": {\"minimum\": 0}}},"
            + " {\"properties\": {\"type\": {\"const\": \"B\"}}}]}";
    check(
        figures,
        "{\"type\": \"A\", \"x\": 1}",
        "{\"type\": \"A\", \"x\": -1}",
        "x: expected at least 0, found -1");
  }

  @Test
  void references() {
    for (String place : List.of("$defs", "definitions")) {
      String schema =
          "{\"$ref\": \"#/P/Node\", \"P\": {\"Node\": {\"properties\": {\"next\": {\"$ref\":"
              + " \"#/P/Node\"}, \"v\": {\"type\": \"string\"}}}}}";
      check(
          schema.replace("P", place),
          "{\"next\": {\"v\": \"a\"}}",
          "{\"next\": {\"next\": {\"v\": 1}}}",
          "next.next.v: expected string, found 1");
    }
    check(
        "{\"properties\": {\"next\": {\"$ref\": \"#\"}}, \"required\": [\"v\"]}",
        "{\"v\": 1}",
        "{\"v\": 1, \"next\": {}}",
        "next.v: expected a value, found nothing");
    assertThat(
            violations(
                "{\"$ref\": \"#/$defs/A\", \"$defs\": {\"A\": {\"$ref\": \"#/$defs/A\"}}}", "1"))
        .containsExactly("expected at most 200 levels, found more");
    assertThat(violations("{\"$ref\": \"#/$defs/Missing\"}", "1")).isEmpty();
  }

  @Test
  void whatItDoesNotKnowItIgnores() {
    assertThat(
            violations("{\"if\": {}, \"format\": \"x\", \"pattern\": \"(\", \"type\": 1}", "\"a\""))
        .isEmpty();
  }

  private static void check(String schema, String valid, String invalid, String violation) {
    assertThat(violations(schema, valid)).as("%s on %s", schema, valid).isEmpty();
    assertThat(violations(schema, invalid))
        .as("%s on %s", schema, invalid)
        .singleElement()
        .asString()
        .contains(violation);
  }

  private static List<String> violations(String schema, String value) {
    return SchemaCheck.violations(map(schema), requireNonNull(Json.parse(value)));
  }

  @SuppressWarnings("unchecked") // JSON objects have strings as keys
  private static Map<String, Object> map(String json) {
    return (Map<String, Object>) requireNonNull(Json.parse(json));
  }
}
