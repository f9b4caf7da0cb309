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
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.time.ZonedDateTime;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** JSON to Java and back. */
class JsonTypeReadTest {
  enum Unit {
    CELSIUS,
    KELVIN
  }

  record Query(String city, int days, Optional<Unit> unit, @Nullable String country) {
    Query {
      if (city.isBlank()) {
        throw new IllegalArgumentException("city must not be blank");
      }
    }
  }

  record Times(
      LocalDate date,
      LocalTime time,
      LocalDateTime local,
      Instant instant,
      OffsetDateTime offset,
      OffsetTime offsetTime,
      ZonedDateTime zoned,
      Duration duration) {}

  record Values(
      boolean flag,
      char letter,
      byte b,
      short s,
      long l,
      float f,
      double d,
      BigInteger big,
      BigDecimal exact,
      Object free,
      UUID uuid,
      URI uri) {}

  record Collections(
      List<Query> queries,
      Set<String> set,
      int[] array,
      Map<String, List<Unit>> map,
      List<@Nullable String> gaps,
      Optional<List<Integer>> maybe) {}

  sealed interface Figure permits Circle, Polygon {}

  record Circle(double radius) implements Figure {}

  sealed interface Polygon extends Figure permits Square, Group {}

  record Square(double side) implements Polygon {}

  record Group(List<Figure> figures, Optional<Figure> frame) implements Polygon {}

  record Drawing(Figure figure, Circle frame) {}

  record Node(String name, Optional<Node> next) {}

  record Page<T>(List<T> items) {}

  record Holder(Page<Circle> page) {}

  @Test
  void readsARecord() {
    JsonType<Query> type = JsonType.of(Query.class);
    assertThat(type.read("{\"city\": \"Paris\", \"days\": 3, \"unit\": \"KELVIN\"}"))
        .isEqualTo(new Query("Paris", 3, Optional.of(Unit.KELVIN), null));
    assertThat(type.convert(Map.of("city", "Oslo", "days", 1, "country", "NO")))
        .isEqualTo(new Query("Oslo", 1, Optional.empty(), "NO"));
    assertThat(type.type()).isEqualTo(Query.class);
  }

  @Test
  void nullIsAbsentWhereAComponentMayBe() {
    assertThat(
            JsonType.of(Query.class)
                .read("{\"city\": \"A\", \"days\": 3.0, \"unit\": null, \"country\": null}"))
        .isEqualTo(new Query("A", 3, Optional.empty(), null));
  }

  @Test
  void readsAndWritesDatesAndTimes() {
    roundTrip(
        Times.class,
        new Times(
            LocalDate.of(2026, 2, 28),
            LocalTime.of(23, 59, 1),
            LocalDateTime.of(2026, 1, 2, 3, 4),
            Instant.parse("2026-01-02T03:04:05.5Z"),
            OffsetDateTime.parse("2026-01-02T03:04:05+08:00"),
            OffsetTime.parse("03:04:05+08:00"),
            ZonedDateTime.parse("2026-01-02T03:04:05+08:00"),
            Duration.ofMinutes(90)));
    assertThat(JsonType.of(Instant.class).read("\"2026-01-02T03:04:05+01:00\""))
        .isEqualTo(Instant.parse("2026-01-02T02:04:05Z"));
  }

  @Test
  void readsAndWritesValues() {
    roundTrip(
        Values.class,
        new Values(
            true,
            'q',
            (byte) -128,
            (short) 7,
            Long.MIN_VALUE,
            0.1f,
            1e300,
            new BigInteger("123456789012345678901234567890"),
            new BigDecimal("0.10"),
            Map.of("any", List.of(1, "two", false)),
            UUID.fromString("01234567-89ab-cdef-0123-456789abcdef"),
            URI.create("https://example.org/a")));
  }

  @Test
  void readsAndWritesCollections() {
    JsonType<Collections> type = JsonType.of(Collections.class);
    Collections read =
        type.read(
            "{\"queries\": [{\"city\": \"A\", \"days\": 1}], \"set\": [\"x\"], \"array\": [1, 2],"
                + " \"map\": {\"k\": [\"KELVIN\"]}, \"gaps\": [\"a\", null], \"maybe\": [7]}");
    assertThat(read.queries()).containsExactly(new Query("A", 1, Optional.empty(), null));
    assertThat(read.set()).containsExactly("x");
    assertThat(read.array()).containsExactly(1, 2);
    assertThat(read.map()).isEqualTo(Map.of("k", List.of(Unit.KELVIN)));
    assertThat(read.gaps()).isEqualTo(Arrays.asList("a", null));
    assertThat(read.maybe()).contains(List.of(7));
    assertThat(type.write(type.read(type.write(read)))).isEqualTo(type.write(read));
  }

  @Test
  void readsSealedInterfacesByTheirDiscriminator() {
    Group group = new Group(List.of(new Circle(1.5), new Square(2)), Optional.of(new Circle(9)));
    assertThat(JsonType.of(Drawing.class).write(new Drawing(group, new Circle(3))))
        .isEqualTo(
            """
            {"figure": {"type": "Group", "figures": [{"type": "Circle", "radius": 1.5}, \
            {"type": "Square", "side": 2.0}], "frame": {"type": "Circle", "radius": 9.0}}, \
            "frame": {"radius": 3.0}}\
            """);
    roundTrip(Drawing.class, new Drawing(group, new Circle(3)));
    assertThat(JsonType.of(Figure.class).read("{\"type\": \"Square\", \"side\": 2}"))
        .isEqualTo(new Square(2));
    assertThat(JsonType.of(Figure.class).write(new Square(2))).contains("\"type\": \"Square\"");
  }

  @Test
  void readsRecursiveAndGenericRecords() {
    roundTrip(Node.class, new Node("a", Optional.of(new Node("b", Optional.empty()))));
    roundTrip(Holder.class, new Holder(new Page<>(List.of(new Circle(1)))));
    Type page = Holder.class.getRecordComponents()[0].getGenericType();
    assertThat(JsonType.of(page).read("{\"items\": [{\"radius\": 1}]}"))
        .isEqualTo(new Page<>(List.of(new Circle(1))));
  }

  @Test
  void saysWhereAndWhatIsWrong() {
    assertInvalid(Query.class, "{\"city\": \"A\"}", "days: expected a value, found nothing");
    assertInvalid(
        Query.class,
        "{\"city\": 7, \"days\": 1.5, \"x\": 0}",
        "city: expected string, found 7; days: expected integer, found 1.5;"
            + " expected only [city, days, unit, country], found x");
    assertInvalid(
        Query.class,
        "{\"city\": \"A\", \"days\": 3000000000}",
        "days: expected at most 2147483647, found 3000000000");
    assertInvalid(
        Query.class,
        "{\"city\": \"A\", \"days\": 3, \"unit\": \"K\"}",
        "unit: expected one of [\"CELSIUS\", \"KELVIN\"], found \"K\"");
    assertInvalid(Query.class, "[]", "expected object, found []");
    assertInvalid(Query.class, "null", "expected a value, found null");
    assertInvalid(
        Figure.class,
        "{\"type\": \"Group\", \"figures\": [{\"type\": \"Circle\"}]}",
        "figures[0].radius: expected a value, found nothing");
    assertInvalid(
        Figure.class,
        "{\"type\": \"Cube\"}",
        "expected one of {\"type\": \"Circle\"}, {\"type\": \"Square\"}, {\"type\": \"Group\"},"
            + " found {\"type\": \"Cube\"}");
    assertInvalid(LocalDate.class, "\"2026-02-30\"", "expected a text of the format date, found");
  }

  @Test
  void passesOnWhatTheConstructorSays() {
    assertInvalid(Query.class, "{\"city\": \" \", \"days\": 1}", "city must not be blank");
  }

  @Test
  void refusesWhatIsNoJson() {
    assertInvalid(Query.class, "{\"city\": \"A\", \"days\": 1", "expected JSON");
    assertInvalid(Query.class, "{\"city\": \"A\", \"days\": 1} {}", "expected JSON");
    assertInvalid(Query.class, "", "expected JSON");
    assertInvalid(Node.class, "{\"name\": \"a\", \"next\": ".repeat(900), "expected JSON");
    assertInvalid(
        Node.class,
        "{\"name\": \"a\", \"next\": ".repeat(400) + "null" + "}".repeat(400),
        "expected at most 200 levels");
  }

  private static <T> void roundTrip(Class<T> type, T object) {
    JsonType<T> json = JsonType.of(type);
    String written = json.write(object);
    assertThat(json.read(written)).as("%s", written).isEqualTo(object);
  }

  private static void assertInvalid(Class<?> type, String json, String message) {
    assertThatThrownBy(() -> JsonType.of(type).read(json))
        .isInstanceOf(QwqException.class)
        .hasMessageContaining(message)
        .extracting(e -> ((QwqException) e).code())
        .isEqualTo(ErrorCode.INVALID_JSON);
  }
}
