package dev.qwq.chat.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Filters for numbers. */
final class NumberFilters {
  private NumberFilters() {}

  static void addTo(Map<String, Filters.Filter> all) {
    all.put("abs", (c, value, args) -> abs(value));
    all.put("int", NumberFilters::toInt);
    all.put("float", NumberFilters::toFloat);
    all.put("round", NumberFilters::round);
    all.put("filesizeformat", NumberFilters::fileSize);
  }

  private static Object abs(Object value) {
    if (value instanceof Double d) {
      return Math.abs(d);
    }
    if (!Numbers.isInteger(value)) {
      throw new TemplateError("bad operand type for abs(): '" + Values.typeName(value) + "'");
    }
    return Numbers.of(Numbers.big(value).abs());
  }

  private static Object toInt(Context context, Object value, Args args) {
    Args.Bound bound = args.bind("int", 0, "default", "base");
    Object number =
        switch (value) {
          case Undefined undefined -> throw undefined.error();
          case Text text -> parse(text.value(), bound.integer(1, 10));
          case Double d -> {
            if (Double.isInfinite(d)) {
              throw new TemplateError("cannot convert float infinity to integer");
            }
            yield truncated(d);
          }
          default -> Numbers.isInteger(value) ? Numbers.of(Numbers.big(value)) : null;
        };
    return number == null ? bound.get(0, 0L) : number;
  }

  private static @Nullable Object parse(String text, int base) {
    if (base != 0 && (base < Character.MIN_RADIX || base > Character.MAX_RADIX)) {
      return null;
    }
    Object number = NumberText.parseInteger(text, base);
    if (number != null) {
      return number;
    }
    Double real = NumberText.parseFloat(text);
    return real == null ? null : truncated(real);
  }

  private static @Nullable Object truncated(double value) {
    return Double.isFinite(value) ? Numbers.of(new BigDecimal(value).toBigInteger()) : null;
  }

  private static Object toFloat(Context context, Object value, Args args) {
    Object otherwise = args.bind("float", 0, "default").get(0, 0.0);
    return switch (value) {
      case Undefined undefined -> throw undefined.error();
      case Text text -> {
        Double number = NumberText.parseFloat(text.value());
        yield number == null ? otherwise : number;
      }
      default -> Numbers.isNumber(value) ? (Object) Numbers.real(value) : otherwise;
    };
  }

  private static Object round(Context context, Object value, Args args) {
    Args.Bound bound = args.bind("round", 0, "precision", "method");
    int precision = bound.integer(0, 0);
    String method = bound.has(1) ? bound.text(1).value() : "common";
    if (value instanceof Undefined undefined) {
      throw undefined.error();
    }
    if (!Numbers.isNumber(value)) {
      throw new TemplateError("round: expected a number, found " + Values.typeName(value));
    }
    return switch (method) {
      case "common" -> roundHalfEven(value, precision);
      case "ceil", "floor" -> {
        Object factor = Numbers.power(10L, (long) precision);
        double scaled = Numbers.real(Numbers.multiply(value, factor));
        if (!Double.isFinite(scaled)) {
          throw new TemplateError("round: cannot convert " + value + " to an integer");
        }
        BigInteger whole =
            new BigDecimal(method.equals("ceil") ? Math.ceil(scaled) : Math.floor(scaled))
                .toBigInteger();
        yield Numbers.divide(Numbers.of(whole), factor);
      }
      default -> throw new TemplateError("round: expected method common, ceil or floor");
    };
  }

  private static Object roundHalfEven(Object value, int precision) {
    if (value instanceof Double d) {
      // No double has more digits after the point, or before it.
      if (!Double.isFinite(d) || precision > 1100) {
        return d;
      }
      double rounded =
          precision < -400
              ? 0
              : new BigDecimal(d).setScale(precision, RoundingMode.HALF_EVEN).doubleValue();
      return Math.copySign(rounded, d);
    }
    BigInteger integer = Numbers.big(value);
    if (precision >= 0) {
      return Numbers.of(integer);
    }
    if (precision < -Numbers.MAX_DIGITS) {
      return 0L;
    }
    return Numbers.of(
        new BigDecimal(integer).setScale(precision, RoundingMode.HALF_EVEN).toBigInteger());
  }

  private static Object fileSize(Context context, Object value, Args args) {
    boolean binary = args.bind("filesizeformat", 0, "binary").flag(0);
    Object number = value instanceof Text text ? NumberText.parseFloat(text.value()) : value;
    if (number == null || !Numbers.isNumber(number)) {
      throw new TemplateError("filesizeformat: expected a number, found " + Repr.shortened(value));
    }
    double bytes = Numbers.real(number);
    double base = binary ? 1024 : 1000;
    if (bytes == 1) {
      return Text.foreign("1 Byte");
    }
    if (bytes < base) {
      return Text.foreign(new BigDecimal(bytes).toBigInteger() + " Bytes");
    }
    String prefixes = binary ? "KMGTPEZY" : "kMGTPEZY";
    int at = 0;
    double unit = base * base;
    while (at < prefixes.length() - 1 && bytes >= unit) {
      at++;
      unit *= base;
    }
    return Text.foreign(
        NumberFormat.format(base * bytes / unit, 'f', 1, false)
            + " "
            + prefixes.charAt(at)
            + (binary ? "iB" : "B"));
  }
}
