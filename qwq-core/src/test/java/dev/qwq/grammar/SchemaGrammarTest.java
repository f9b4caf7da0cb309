package dev.qwq.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qwq.QwqException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Which texts the grammars of JSON Schemas have. */
class SchemaGrammarTest {
  static Stream<SchemaCases> cases() {
    return SchemaCases.read(false).stream();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void hasTheValidTextsAndNoOthers(SchemaCases one) {
    Node grammar = SchemaCompiler.compile(one.schema());
    for (String text : one.valid()) {
      assertThat(isText(grammar, text)).as("valid: %s", text).isTrue();
      if (one.hasOracle()) {
        assertThat(one.complaints(text)).as("valid: %s", text).isEmpty();
      }
    }
    for (String text : one.invalid()) {
      assertThat(isText(grammar, text)).as("invalid: %s", text).isFalse();
    }
  }

  @Test
  void hasFiveSchemasForEachKeyword() {
    assertThat(cases().collect(Collectors.groupingBy(SchemaCases::keyword, Collectors.counting())))
        .allSatisfy((keyword, count) -> assertThat(count).as(keyword).isGreaterThanOrEqualTo(5));
  }

  static Stream<SchemaCases> refused() {
    return SchemaCases.read(true).stream();
  }

  @ParameterizedTest
  @MethodSource("refused")
  void refusesWhatItCannotKeep(SchemaCases one) {
    assertThatThrownBy(() -> SchemaCompiler.compile(one.schema()))
        .isInstanceOf(QwqException.class)
        .hasMessageStartingWith("JSON Schema at #/" + one.keyword());
  }

  @Test
  void namesUnsupportedKeywordsAndTheirPlace() {
    for (String keyword :
        List.of(
            "not",
            "if",
            "then",
            "else",
            "contains",
            "minContains",
            "maxContains",
            "dependentRequired",
            "dependentSchemas",
            "unevaluatedProperties",
            "unevaluatedItems",
            "$dynamicRef",
            "$recursiveRef",
            "additionalItems",
            "maxlength")) {
      assertRefused(
          "{\"properties\": {\"a/b\": {\"items\": {\"" + keyword + "\": {}}}}}",
          "#/properties/a~1b/items/" + keyword + ": the keyword \"" + keyword + "\"");
    }
    assertRefused("{\"uniqueItems\": true}", "#/uniqueItems");
  }

  @Test
  void namesMalformedKeywordsAndTheirPlace() {
    assertRefused("{\"type\": \"text\"}", "#/type: expected object, array");
    assertRefused("{\"minLength\": -1}", "#/minLength: expected a whole number from 0, found -1");
    assertRefused("{\"minimum\": \"1\"}", "#/minimum: expected a number, found \"1\"");
    assertRefused("{\"pattern\": \"(?=a)\"}", "look-ahead");
    assertRefused("{\"type\": \"string\", \"format\": \"iri\"}", "the format \"iri\"");
    assertRefused("{\"$ref\": \"#/$defs/x\"}", "there is no schema at \"#/$defs/x\"");
    assertRefused("{\"$ref\": \"#\"}", "refers to itself");
    assertRefused("{\"allOf\": [{\"$ref\": \"#\"}]}", "refers to itself");
    assertRefused(
        "{\"$ref\": \"#/$defs/a\", \"$defs\": {\"a\": {\"$ref\": \"#/$defs/b\"}, \"b\":"
            + " {\"$ref\": \"#/$defs/a\"}}}",
        "refers to itself");
    assertRefused("{\"$ref\": \"other.json\"}", "inside this schema");
    assertRefused("{\"items\": [true]}", "prefixItems");
    assertRefused("{\"anyOf\": []}", "#/anyOf: expected an array of at least one schema");
    assertRefused("[]", "expected an object or a boolean");
    assertRefused("{\"type\": }", "expected JSON");
  }

  @Test
  void refusesSchemasWithoutAValue() {
    for (String schema :
        List.of(
            "false",
            "{\"type\": \"string\", \"minLength\": 2, \"maxLength\": 1}",
            "{\"type\": \"integer\", \"minimum\": 2, \"maximum\": 1}",
            "{\"type\": \"integer\", \"exclusiveMinimum\": 1, \"exclusiveMaximum\": 2}",
            "{\"enum\": []}",
            "{\"type\": \"string\", \"const\": 1}",
            "{\"type\": \"object\", \"properties\": {\"a\": {\"$ref\": \"#\"}}, \"required\":"
                + " [\"a\"]}",
            "{\"type\": \"array\", \"items\": {\"$ref\": \"#\"}, \"minItems\": 1}",
            "{\"type\": \"object\", \"properties\": {\"a\": false}, \"required\": [\"a\"]}",
            "{\"allOf\": [{\"type\": \"string\"}, {\"type\": \"integer\"}]}")) {
      assertRefused(schema, "no finite value is valid");
    }
  }

  @Test
  void bindsBlankSpace() {
    Node grammar =
        SchemaCompiler.compile(
            "{\"type\": \"object\", \"properties\": {\"a\": {\"type\": \"array\"}}}");
    assertThat(isText(grammar, "{ \"a\": [ 1, 2 ] }")).isTrue();
    assertThat(isText(grammar, "{\n\t\"a\": [\n\t\t1,\n\t\t2\n\t]\n}")).isTrue();
    for (String blank : List.of("  ", "\n\n", "\t", "\n" + " ".repeat(41), "\r\n")) {
      assertThat(isText(grammar, "{" + blank + "\"a\": []}")).as("{%s", blank).isFalse();
      assertThat(isText(grammar, "{\"a\": [1," + blank + "2]}")).as(",%s", blank).isFalse();
      assertThat(isText(grammar, "{\"a\": [1" + blank + "]}")).as("%s]", blank).isFalse();
    }
    assertThat(isText(grammar, "{\"a\":  []}")).isFalse();
    assertThat(isText(grammar, "{\"a\" : []}")).isFalse();
  }

  private static void assertRefused(String schema, String message) {
    assertThatThrownBy(() -> SchemaCompiler.compile(schema))
        .as(schema)
        .isInstanceOf(QwqException.class)
        .hasMessageContaining(message);
  }

  static boolean isText(Node grammar, String text) {
    return Positions.start(grammar).next(text.getBytes(StandardCharsets.UTF_8)).mayEndText();
  }
}
