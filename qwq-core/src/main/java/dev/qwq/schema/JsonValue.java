package dev.qwq.schema;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** JSON values as plain Java: their types, whether two are the same, and how they are shown. */
final class JsonValue {
  private static final int SHOWN = 80;

  private JsonValue() {}

  /** Tells whether a value has a type, or one of several; no type allows all. */
  static boolean hasType(@Nullable Object type, @Nullable Object value) {
    return switch (type) {
      case String name -> hasType(name, value);
      case List<?> names -> names.stream().anyMatch(name -> hasType(name, value));
      case null, default -> true;
    };
  }

  private static boolean hasType(String name, @Nullable Object value) {
    return switch (name) {
      case "object" -> value instanceof Map;
      case "array" -> value instanceof List;
      case "string" -> value instanceof String;
      case "boolean" -> value instanceof Boolean;
      case "null" -> value == null;
      case "number" -> value instanceof Number;
      case "integer" ->
          value instanceof Number number && decimal(number).stripTrailingZeros().scale() <= 0;
      default -> true;
    };
  }

  /** Tells whether two values are the same JSON: 1 and 1.0 are. */
  static boolean same(@Nullable Object a, @Nullable Object b) {
    if (a instanceof Number x && b instanceof Number y) {
      return decimal(x).compareTo(decimal(y)) == 0;
    }
    if (a instanceof List<?> x && b instanceof List<?> y) {
      if (x.size() != y.size()) {
        return false;
      }
      for (int i = 0; i < x.size(); i++) {
        if (!same(x.get(i), y.get(i))) {
          return false;
        }
      }
      return true;
    }
    if (a instanceof Map<?, ?> x && b instanceof Map<?, ?> y) {
      return x.keySet().equals(y.keySet())
          && x.entrySet().stream().allMatch(e -> same(e.getValue(), y.get(e.getKey())));
    }
    return Objects.equals(a, b);
  }

  static BigDecimal decimal(Number number) {
    return switch (number) {
      case BigDecimal decimal -> decimal;
      case BigInteger integer -> new BigDecimal(integer);
      case Double d -> BigDecimal.valueOf(d);
      case Float f -> new BigDecimal(f.toString());
      default -> BigDecimal.valueOf(number.longValue());
    };
  }

  /** The value as JSON, for people; cut if it is long. */
  static String show(@Nullable Object value) {
    String json = Json.write(value, null);
    return json.length() <= SHOWN ? json : json.substring(0, SHOWN) + "…";
  }

  /** What {@code type} says, for people. */
  static String showTypes(@Nullable Object type) {
    return switch (type) {
      case List<?> names -> names.stream().map(String::valueOf).collect(Collectors.joining(" or "));
      case null -> "anything";
      default -> type.toString();
    };
  }
}
