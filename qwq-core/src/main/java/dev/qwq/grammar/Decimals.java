package dev.qwq.grammar;

import java.math.BigDecimal;
import org.jspecify.annotations.Nullable;

/**
 * Decimal numbers in a range, exactly. Without bounds, JSON's numbers with at most {@link
 * Integers#MAX_DIGITS} digits before and {@link #MAX_SCALE} after the point and an exponent of two
 * digits; with a bound, no exponent.
 */
final class Decimals {
  /** Digits after the point: what a {@code double} can tell apart. */
  static final int MAX_SCALE = 17;

  /** Any number. */
  static final Dfa ANY =
      RegexAutomaton.whole(
          "-?(0|[1-9][0-9]{0,"
              + (Integers.MAX_DIGITS - 1)
              + "})(\\.[0-9]{1,"
              + MAX_SCALE
              + "})?([eE][+-]?[0-9]{1,2})?");

  private Decimals() {}

  /**
   * A bound.
   *
   * @param value what numbers are compared with
   * @param inclusive whether it may itself be written
   */
  record Bound(BigDecimal value, boolean inclusive) {
    Bound negated() {
      return new Bound(value.negate(), inclusive);
    }
  }

  /**
   * Accepts numbers of a range.
   *
   * @param min null: open
   * @param max null: open
   * @param scale most digits after the point
   */
  static Dfa between(@Nullable Bound min, @Nullable Bound max, int scale) {
    Dfa positive = magnitudes(min, max, scale);
    Dfa negative =
        magnitudes(max == null ? null : max.negated(), min == null ? null : min.negated(), scale);
    return Integers.withSign(positive, negative);
  }

  private static final int BEFORE = 0;
  private static final int WHOLE = 1;
  private static final int ZERO = 2;
  private static final int POINT = 3;
  private static final int FRACTION = 4;

  /**
   * Where a number stands.
   *
   * @param phase which part of it
   * @param digits how many digits the part has
   * @param low how the number so far compares with the lower bound, as far as that is known: the
   *     whole digits as a text until the point, the value behind it
   * @param high the same with the upper bound
   */
  private record Place(int phase, int digits, int low, int high) {}

  private static Dfa magnitudes(@Nullable Bound min, @Nullable Bound max, int scale) {
    Digits low = new Digits(min == null || min.value.signum() < 0 ? null : min);
    Digits high = new Digits(max);
    if (max != null && max.value.signum() < 0) {
      return new Dfa(1, new int[256], new int[0], new boolean[0]);
    }
    return new Automaton<Place>() {
      @Override
      public Place start() {
        return new Place(BEFORE, 0, 0, 0);
      }

      @Override
      public boolean accepts(Place place) {
        if (place.phase == BEFORE || place.phase == POINT) {
          return false;
        }
        boolean fraction = place.phase == FRACTION;
        int toLow = fraction ? place.low : low.whole(place.digits, place.low);
        int toHigh = fraction ? place.high : high.whole(place.digits, place.high);
        int digits = fraction ? place.digits : 0;
        return low.allowsFrom(low.settled(toLow, digits))
            && high.allowsUpTo(high.settled(toHigh, digits));
      }

      @Override
      public @Nullable Place next(Place place, int c) {
        if (c == '.') {
          return (place.phase == WHOLE || place.phase == ZERO) && scale > 0
              ? new Place(
                  POINT,
                  0,
                  low.whole(place.digits, place.low),
                  high.whole(place.digits, place.high))
              : null;
        }
        if (c < '0' || c > '9') {
          return null;
        }
        return switch (place.phase) {
          case BEFORE, WHOLE -> {
            int limit =
                Math.max(Integers.MAX_DIGITS, Math.max(low.wholeLength(), high.wholeLength()));
            yield place.digits == limit
                ? null
                : new Place(
                    c == '0' && place.digits == 0 ? ZERO : WHOLE,
                    place.digits + 1,
                    low.compareWhole(place.low, place.digits, c),
                    high.compareWhole(place.high, place.digits, c));
          }
          case POINT, FRACTION ->
              place.digits == scale
                  ? null
                  : new Place(
                      FRACTION,
                      place.digits + 1,
                      low.compareFraction(place.low, place.digits, c),
                      high.compareFraction(place.high, place.digits, c));
          default -> null;
        };
      }

      @Override
      public ByteClasses classes() {
        return ByteClasses.apart("0123456789.");
      }
    }.toDfa();
  }

  /** The digits of a bound, and how a number that is being written compares with it. */
  private static final class Digits {
    private final @Nullable Bound bound;
    private final String whole;
    private final String fraction;

    Digits(@Nullable Bound bound) {
      this.bound = bound;
      String plain = bound == null ? "0" : bound.value.abs().stripTrailingZeros().toPlainString();
      int point = plain.indexOf('.');
      whole = point < 0 ? plain : plain.substring(0, point);
      fraction = point < 0 ? "" : plain.substring(point + 1);
    }

    int wholeLength() {
      return bound == null ? 0 : whole.length();
    }

    int compareWhole(int sofar, int index, int digit) {
      return sofar != 0 || index >= whole.length()
          ? sofar
          : Integer.signum(digit - whole.charAt(index));
    }

    /** Compares the whole part, when it has this many digits. */
    int whole(int digits, int sofar) {
      return digits == whole.length() ? sofar : Integer.signum(digits - whole.length());
    }

    int compareFraction(int sofar, int index, int digit) {
      int mine = index < fraction.length() ? fraction.charAt(index) : '0';
      return sofar != 0 ? sofar : Integer.signum(digit - mine);
    }

    /** Compares the value, when it ends after this many digits of the fraction. */
    int settled(int sofar, int digits) {
      return sofar == 0 && digits < fraction.length() ? -1 : sofar;
    }

    boolean allowsFrom(int comparison) {
      return bound == null || (bound.inclusive ? comparison >= 0 : comparison > 0);
    }

    boolean allowsUpTo(int comparison) {
      return bound == null || (bound.inclusive ? comparison <= 0 : comparison < 0);
    }
  }
}
