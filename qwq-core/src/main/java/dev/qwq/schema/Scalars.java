package dev.qwq.schema;

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
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;

/** Java types whose JSON has no parts, and the keywords of their schemas. */
final class Scalars {
  private static final String TIME = "([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\\.[0-9]{1,9})?)?";
  private static final String DATE = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])";

  private static final Map<Class<?>, Map<String, Object>> KEYWORDS = keywords();

  private Scalars() {}

  /** Returns the keywords of a type; empty if it is none of these. */
  static Map<String, Object> keywords(Class<?> type) {
    return KEYWORDS.getOrDefault(type, Map.of());
  }

  private static Map<Class<?>, Map<String, Object>> keywords() {
    Map<Class<?>, Map<String, Object>> all = new LinkedHashMap<>();
    all.put(String.class, of("string"));
    all.put(CharSequence.class, of("string"));
    both(
        all, char.class, Character.class, with(with(of("string"), "minLength", 1), "maxLength", 1));
    both(all, boolean.class, Boolean.class, of("boolean"));
    both(all, byte.class, Byte.class, range((int) Byte.MIN_VALUE, (int) Byte.MAX_VALUE));
    both(all, short.class, Short.class, range((int) Short.MIN_VALUE, (int) Short.MAX_VALUE));
    both(all, int.class, Integer.class, range(Integer.MIN_VALUE, Integer.MAX_VALUE));
    both(all, long.class, Long.class, range(Long.MIN_VALUE, Long.MAX_VALUE));
    all.put(BigInteger.class, of("integer"));
    both(all, float.class, Float.class, of("number"));
    both(all, double.class, Double.class, of("number"));
    all.put(BigDecimal.class, of("number"));
    all.put(Number.class, of("number"));
    all.put(LocalDate.class, format("date"));
    all.put(Instant.class, format("date-time"));
    all.put(OffsetDateTime.class, format("date-time"));
    all.put(ZonedDateTime.class, format("date-time"));
    all.put(OffsetTime.class, format("time"));
    all.put(Duration.class, format("duration"));
    all.put(UUID.class, format("uuid"));
    all.put(URI.class, format("uri"));
    // The standard's formats "time" and "date-time" have a zone.
    all.put(LocalTime.class, with(of("string"), "pattern", "^" + TIME + "$"));
    all.put(LocalDateTime.class, with(of("string"), "pattern", "^" + DATE + "T" + TIME + "$"));
    return all;
  }

  private static void both(
      Map<Class<?>, Map<String, Object>> all,
      Class<?> primitive,
      Class<?> boxed,
      Map<String, Object> keywords) {
    all.put(primitive, keywords);
    all.put(boxed, keywords);
  }

  private static Map<String, Object> of(String type) {
    return with(Map.of(), "type", type);
  }

  private static Map<String, Object> format(String format) {
    return with(of("string"), "format", format);
  }

  private static Map<String, Object> range(Number minimum, Number maximum) {
    return with(with(of("integer"), "minimum", minimum), "maximum", maximum);
  }

  private static Map<String, Object> with(Map<String, Object> keywords, String key, Object value) {
    Map<String, Object> all = new LinkedHashMap<>(keywords);
    all.put(key, value);
    return all;
  }
}
