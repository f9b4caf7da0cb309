package dev.qwq.schema;

import java.math.BigDecimal;
import java.net.URI;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/** Keywords that limit numbers, texts and counts. */
final class Limits {
  private Limits() {}

  /** Returns what a value should have been, for each limit that it breaks. */
  static List<String> exceeded(Map<?, ?> schema, @Nullable Object value) {
    List<String> expected = new ArrayList<>();
    switch (value) {
      case Number number -> checkNumber(schema, JsonValue.decimal(number), expected);
      case String text -> {
        long length = text.codePointCount(0, text.length());
        checkCount(schema, "minLength", "maxLength", length, "characters", expected);
        checkPattern(schema.get("pattern"), text, expected);
        checkFormat(schema.get("format"), text, expected);
      }
      case List<?> list ->
          checkCount(schema, "minItems", "maxItems", list.size(), "items", expected);
      case Map<?, ?> map ->
          checkCount(schema, "minProperties", "maxProperties", map.size(), "properties", expected);
      case null, default -> {}
    }
    return expected;
  }

  private static void checkNumber(Map<?, ?> schema, BigDecimal value, List<String> expected) {
    if (schema.get("minimum") instanceof Number n && value.compareTo(JsonValue.decimal(n)) < 0) {
      expected.add("at least " + n);
    }
    if (schema.get("maximum") instanceof Number n && value.compareTo(JsonValue.decimal(n)) > 0) {
      expected.add("at most " + n);
    }
    if (schema.get("exclusiveMinimum") instanceof Number n
        && value.compareTo(JsonValue.decimal(n)) <= 0) {
      expected.add("above " + n);
    }
    if (schema.get("exclusiveMaximum") instanceof Number n
        && value.compareTo(JsonValue.decimal(n)) >= 0) {
      expected.add("below " + n);
    }
    if (schema.get("multipleOf") instanceof Number n
        && JsonValue.decimal(n).signum() > 0
        && value.remainder(JsonValue.decimal(n)).signum() != 0) {
      expected.add("a multiple of " + n);
    }
  }

  private static void checkCount(
      Map<?, ?> schema, String min, String max, long count, String of, List<String> expected) {
    if (schema.get(min) instanceof Number n && count < n.longValue()) {
      expected.add("at least " + n + " " + of);
    }
    if (schema.get(max) instanceof Number n && count > n.longValue()) {
      expected.add("at most " + n + " " + of);
    }
  }

  private static void checkPattern(@Nullable Object pattern, String text, List<String> expected) {
    try {
      if (pattern instanceof String regex && !Pattern.compile(regex).matcher(text).find()) {
        expected.add("a text that matches " + regex);
      }
    } catch (PatternSyntaxException e) {
      // JavaScript's syntax, of which Java's lacks some: as an unknown keyword.
    }
  }

  private static void checkFormat(@Nullable Object format, String text, List<String> expected) {
    if (format instanceof String name && !isOfFormat(name, text)) {
      expected.add("a text of the format " + name);
    }
  }

  private static boolean isOfFormat(String format, String text) {
    try {
      Object parsed =
          switch (format) {
            case "date" -> LocalDate.parse(text);
            case "date-time" -> OffsetDateTime.parse(text);
            case "time" -> OffsetTime.parse(text);
            case "duration" -> Duration.parse(text);
            case "uuid" -> UUID.fromString(text);
            case "uri" -> URI.create(text);
            default -> text;
          };
      return parsed != null;
    } catch (DateTimeException | IllegalArgumentException e) {
      return false;
    }
  }
}
