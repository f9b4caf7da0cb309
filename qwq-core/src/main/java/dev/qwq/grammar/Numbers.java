package dev.qwq.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import dev.qwq.grammar.Decimals.Bound;
import dev.qwq.grammar.SchemaParts.Part;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What schemas say about numbers. */
final class Numbers {
  private static final BigDecimal LIMIT = BigDecimal.TEN.pow(2 * Integers.MAX_DIGITS);

  private Numbers() {}

  static boolean isConstrained(List<Part> parts) {
    return Keywords.any(
        parts, "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf");
  }

  /** The whole numbers for which all parts hold. */
  static Dfa whole(List<Part> parts) {
    Bound min = min(parts);
    Bound max = max(parts);
    return Integers.between(
        min == null ? null : toWhole(min, 1),
        max == null ? null : toWhole(max, -1),
        divisor(parts));
  }

  private static BigInteger toWhole(Bound bound, int direction) {
    BigInteger whole =
        bound
            .value()
            .setScale(0, direction > 0 ? RoundingMode.CEILING : RoundingMode.FLOOR)
            .toBigInteger();
    boolean same = bound.value().compareTo(new BigDecimal(whole)) == 0;
    return same && !bound.inclusive() ? whole.add(BigInteger.valueOf(direction)) : whole;
  }

  /** The numbers for which all parts hold. */
  static Dfa any(List<Part> parts) {
    int scale = Decimals.MAX_SCALE;
    for (Part part : parts) {
      if (part.node().has("multipleOf")) {
        BigDecimal step = number(part, "multipleOf").stripTrailingZeros();
        if (step.signum() > 0 && step.scale() <= 0) {
          return whole(parts);
        }
        if (step.signum() <= 0 || step.unscaledValue().intValue() != 1 || step.precision() != 1) {
          throw part.error(
              "multipleOf",
              "expected a whole number or one of 0.1, 0.01, 0.001 and so on, found "
                  + part.node().get("multipleOf"));
        }
        scale = Math.min(scale, step.scale());
      }
    }
    return Decimals.between(min(parts), max(parts), scale);
  }

  /** The least common multiple of what numbers are multiples of. */
  private static int divisor(List<Part> parts) {
    BigInteger divisor = BigInteger.ONE;
    for (Part part : parts) {
      if (part.node().has("multipleOf")) {
        BigDecimal step = number(part, "multipleOf").stripTrailingZeros();
        if (step.signum() > 0 && step.compareTo(BigDecimal.ONE) < 0 && isUnitFraction(step)) {
          continue; // every whole number is a multiple
        }
        if (step.signum() <= 0 || step.scale() > 0) {
          throw part.error(
              "multipleOf",
              "expected a whole number above 0, found " + part.node().get("multipleOf"));
        }
        BigInteger whole = step.toBigInteger();
        divisor = divisor.multiply(whole).divide(divisor.gcd(whole));
        if (divisor.compareTo(BigInteger.valueOf(Integers.MAX_DIVISOR)) > 0) {
          throw part.error(
              "multipleOf", "expected at most " + Integers.MAX_DIVISOR + ", found " + divisor);
        }
      }
    }
    return divisor.intValue();
  }

  private static boolean isUnitFraction(BigDecimal step) {
    return BigDecimal.ONE.remainder(step).signum() == 0;
  }

  private static @Nullable Bound min(List<Part> parts) {
    Bound min = null;
    for (Part part : parts) {
      for (String keyword : List.of("minimum", "exclusiveMinimum")) {
        if (part.node().has(keyword)) {
          Bound bound = new Bound(number(part, keyword), keyword.equals("minimum"));
          min = min == null || tighter(bound, min, 1) ? bound : min;
        }
      }
    }
    return min;
  }

  private static @Nullable Bound max(List<Part> parts) {
    Bound max = null;
    for (Part part : parts) {
      for (String keyword : List.of("maximum", "exclusiveMaximum")) {
        if (part.node().has(keyword)) {
          Bound bound = new Bound(number(part, keyword), keyword.equals("maximum"));
          max = max == null || tighter(bound, max, -1) ? bound : max;
        }
      }
    }
    return max;
  }

  private static boolean tighter(Bound bound, Bound than, int direction) {
    int comparison = direction * Integer.signum(bound.value().compareTo(than.value()));
    return comparison > 0 || (comparison == 0 && !bound.inclusive());
  }

  private static BigDecimal number(Part part, String keyword) {
    JsonNode value = part.node().get(keyword);
    if (!value.isNumber()) {
      throw part.error(keyword, "expected a number, found " + value);
    }
    BigDecimal number = value.decimalValue();
    if (number.abs().compareTo(LIMIT) > 0 || number.scale() > 2 * Integers.MAX_DIGITS) {
      throw part.error(keyword, "expected at most 36 digits on each side, found " + value);
    }
    return number;
  }
}
