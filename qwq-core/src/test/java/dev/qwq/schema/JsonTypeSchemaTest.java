package dev.qwq.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The schemas of Java types, as a model reads them. */
class JsonTypeSchemaTest {
  enum Unit {
    @Description("degrees Celsius")
    CELSIUS,
    KELVIN {
      @Override
      public String toString() {
        return "K";
      }
    }
  }

  @Description("Asks for the weather.")
  record Query(
      @Description("The city, in English") String city,
      int days,
      @Description("How to say it.") Unit unit,
      Optional<String> country,
      @Nullable LocalDate from) {}

  record Integers(byte b, Short s, int i, Long l, BigInteger all) {}

  record Values(
      boolean flag,
      char letter,
      float f,
      Double d,
      BigDecimal exact,
      Number any,
      Object free,
      LocalDate date,
      LocalTime time,
      LocalDateTime local,
      Instant instant,
      Duration duration,
      UUID uuid,
      URI uri) {}

  record Collections(
      List<String> list,
      Set<Boolean> set,
      Collection<? extends Unit> wild,
      double[][] matrix,
      Map<String, List<Boolean>> map,
      List<@Nullable Boolean> gaps) {}

  record Node(boolean leaf, List<Node> children) {}

  record Pair<A, B>(A first, B second) {}

  record Pairs(
      Pair<String, Boolean> one, Pair<String, Boolean> two, Pair<Boolean, Boolean> other) {}

  @Description("A figure.")
  sealed interface Figure permits Circle, Polygon {}

  record Circle(double radius) implements Figure {}

  sealed interface Polygon extends Figure permits Square, Both {}

  @Description("All sides equal.")
  record Square(double side) implements Polygon {}

  record Both(Figure left, Figure right) implements Polygon {}

  record Drawing(@Description("What to draw") Figure figure, Circle frame) {}

  record Nothing() {}

  @Test
  void aRecordWithDescriptionsAndOptionalComponents() {
    assertThat(schema(Query.class))
        .isEqualTo(
            """
            {"type": "object", "description": "Asks for the weather.", "properties": {\
            "city": {"type": "string", "description": "The city, in English"}, \
            "days": {"type": "integer", "minimum": -2147483648, "maximum": 2147483647}, \
            "unit": {"type": "string", "description": "How to say it. CELSIUS: degrees Celsius", \
            "enum": ["CELSIUS", "KELVIN"]}, \
            "country": {"type": "string"}, \
            "from": {"type": "string", "format": "date"}}, \
            "required": ["city", "days", "unit"], "additionalProperties": false}\
            """);
  }

  @Test
  void integersHaveTheirRanges() {
    assertThat(properties(Integers.class))
        .isEqualTo(
            """
            {"b": {"type": "integer", "minimum": -128, "maximum": 127}, \
            "s": {"type": "integer", "minimum": -32768, "maximum": 32767}, \
            "i": {"type": "integer", "minimum": -2147483648, "maximum": 2147483647}, \
            "l": {"type": "integer", "minimum": -9223372036854775808, \
            "maximum": 9223372036854775807}, \
            "all": {"type": "integer"}}\
            """);
  }

  @Test
  void simpleValues() {
    assertThat(properties(Values.class))
        .startsWith(
            """
            {"flag": {"type": "boolean"}, \
            "letter": {"type": "string", "minLength": 1, "maxLength": 1}, \
            "f": {"type": "number"}, "d": {"type": "number"}, "exact": {"type": "number"}, \
            "any": {"type": "number"}, "free": {}, \
            "date": {"type": "string", "format": "date"}, \
            "time": {"type": "string", "pattern": "^([01]\
            """)
        .contains("\"local\": {\"type\": \"string\", \"pattern\": \"^[0-9]{4}-")
        .endsWith(
            """
            "instant": {"type": "string", "format": "date-time"}, \
            "duration": {"type": "string", "format": "duration"}, \
            "uuid": {"type": "string", "format": "uuid"}, \
            "uri": {"type": "string", "format": "uri"}}\
            """);
  }

  @Test
  void collectionsArraysAndMaps() {
    assertThat(properties(Collections.class))
        .isEqualTo(
            """
            {"list": {"type": "array", "items": {"type": "string"}}, \
            "set": {"type": "array", "items": {"type": "boolean"}}, \
            "wild": {"type": "array", "items": {"type": "string", \
            "description": "CELSIUS: degrees Celsius", "enum": ["CELSIUS", "KELVIN"]}}, \
            "matrix": {"type": "array", "items": {"type": "array", "items": {"type": "number"}}}, \
            "map": {"type": "object", "additionalProperties": \
            {"type": "array", "items": {"type": "boolean"}}}, \
            "gaps": {"type": "array", "items": \
            {"anyOf": [{"type": "boolean"}, {"type": "null"}]}}}\
            """);
  }

  @Test
  void aTypeThatContainsItselfIsReferredTo() {
    String body =
        """
        {"type": "object", "properties": {"leaf": {"type": "boolean"}, \
        "children": {"type": "array", "items": {"$ref": "#/$defs/Node"}}}, \
        "required": ["leaf", "children"], "additionalProperties": false\
        """;
    assertThat(schema(Node.class)).isEqualTo(body + ", \"$defs\": {\"Node\": " + body + "}}}");
  }

  @Test
  void whatIsUsedTwiceIsDefinedOnceWithItsTypeArguments() {
    assertThat(properties(Pairs.class))
        .isEqualTo(
            """
            {"one": {"$ref": "#/$defs/Pair_String_Boolean"}, \
            "two": {"$ref": "#/$defs/Pair_String_Boolean"}, \
            "other": {"type": "object", "properties": {"first": {"type": "boolean"}, \
            "second": {"type": "boolean"}}, "required": ["first", "second"], \
            "additionalProperties": false}}\
            """);
    assertThat(JsonType.of(Pairs.class).schema().get("$defs"))
        .extracting(definitions -> Json.write(definitions, null))
        .isEqualTo(
            """
            {"Pair_String_Boolean": {"type": "object", "properties": {\
            "first": {"type": "string"}, "second": {"type": "boolean"}}, \
            "required": ["first", "second"], "additionalProperties": false}}\
            """);
  }

  @Test
  void aSealedInterfaceIsAnyOfItsRecords() {
    String circle =
        """
        {"type": "object", "properties": {"type": {"const": "Circle"}, \
        "radius": {"type": "number"}}, "required": ["type", "radius"], \
        "additionalProperties": false}\
        """;
    String square =
        """
        {"type": "object", "description": "All sides equal.", "properties": \
        {"type": {"const": "Square"}, "side": {"type": "number"}}, \
        "required": ["type", "side"], "additionalProperties": false}\
        """;
    String both =
        """
        {"type": "object", "properties": {"type": {"const": "Both"}, \
        "left": {"$ref": "#/$defs/Figure"}, "right": {"$ref": "#/$defs/Figure"}}, \
        "required": ["type", "left", "right"], "additionalProperties": false}\
        """;
    assertThat(schema(Drawing.class))
        .isEqualTo(
            """
            {"type": "object", "properties": {\
            "figure": {"description": "What to draw", "$ref": "#/$defs/Figure"}, \
            "frame": {"type": "object", "properties": {"radius": {"type": "number"}}, \
            "required": ["radius"], "additionalProperties": false}}, \
            "required": ["figure", "frame"], "additionalProperties": false, \
            "$defs": {"Figure": {"description": "A figure.", "anyOf": [%s, %s, %s]}}}\
            """
                .formatted(circle, square, both));
  }

  @Test
  void rootsNeedNotBeRecords() throws Exception {
    assertThat(schema(Nothing.class))
        .isEqualTo("{\"type\": \"object\", \"properties\": {}, \"additionalProperties\": false}");
    assertThat(schema(boolean[].class))
        .isEqualTo("{\"type\": \"array\", \"items\": {\"type\": \"boolean\"}}");
    Type pair = Pairs.class.getRecordComponents()[0].getGenericType();
    assertThat(schema(pair)).contains("\"first\": {\"type\": \"string\"}");
  }

  record Bad(List<Random> randoms) {}

  record Raw(@SuppressWarnings("rawtypes") List list) {}

  record ByKey(Map<Unit, String> map) {}

  record Bytes(byte[] bytes) {}

  record Growing<T>(Optional<Growing<List<T>>> next) {}

  record Grows(Growing<String> growing) {}

  sealed interface Clash permits Clashing {}

  record Clashing(String type) implements Clash {}

  sealed interface NoRecord permits Plain {}

  static final class Plain implements NoRecord {}

  record Unbound<T>(T value) {}

  @Test
  void whatHasNoSchemaNamesClassAndComponent() {
    assertFails(() -> JsonType.of(Bad.class), "JsonTypeSchemaTest$Bad.randoms", "Random");
    assertFails(() -> JsonType.of(Raw.class), "$Raw.list", "type arguments");
    assertFails(() -> JsonType.of(ByKey.class), "$ByKey.map", "Map<Unit, String>", "strings");
    assertFails(() -> JsonType.of(Bytes.class), "$Bytes.bytes", "byte[]");
    assertFails(() -> JsonType.of(Clash.class), "$Clashing.type", "apart");
    assertFails(() -> JsonType.of(NoRecord.class), "$Plain", "records only");
    assertFails(() -> JsonType.of(Unbound.class), "type variable T", "Unbound");
    assertFails(() -> JsonType.of(Random.class), "java.util.Random");
    assertFails(() -> JsonType.of(Grows.class), "Growing", "16 deep");
  }

  private static void assertFails(ThrowingCallable call, String... parts) {
    assertThatThrownBy(call)
        .isInstanceOf(QwqException.class)
        .hasMessageContainingAll(parts)
        .extracting(e -> ((QwqException) e).code())
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
  }

  private static String schema(Type type) {
    return Json.write(JsonType.of(type).schema(), null);
  }

  private static String properties(Type type) {
    return Json.write(JsonType.of(type).schema().get("properties"), null);
  }
}
