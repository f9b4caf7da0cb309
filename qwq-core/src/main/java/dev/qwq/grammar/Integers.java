package dev.qwq.grammar;

import java.math.BigInteger;
import org.jspecify.annotations.Nullable;

/**
 * Whole numbers in a range, exactly, as JSON spells them: no leading zeros, no minus zero, no
 * exponent. An open end of the range is where numbers have {@link #MAX_DIGITS} digits, so that what
 * is written fits a {@code long} and no run of digits is endless.
 */
final class Integers {
  /** As many digits as every {@code long} has room for. */
  static final int MAX_DIGITS = 18;

  /** The automaton remembers a remainder for each place: more would be more states than wanted. */
  static final int MAX_DIVISOR = 1_000;

  private static final BigInteger LIMIT = BigInteger.TEN.pow(MAX_DIGITS).subtract(BigInteger.ONE);

  private Integers() {}

  /**
   * Accepts numbers of a range.
   *
   * @param min null: open
   * @param max null: open
   * @param divisor what numbers are multiples of, 1 to {@link #MAX_DIVISOR}
   */
  static Dfa between(@Nullable BigInteger min, @Nullable BigInteger max, int divisor) {
    BigInteger low =
        min != null ? min : max == null ? LIMIT.negate() : max.min(BigInteger.ZERO).subtract(LIMIT);
    BigInteger high = max != null ? max : min == null ? LIMIT : min.max(BigInteger.ZERO).add(LIMIT);
    Dfa positive = magnitudes(low.max(BigInteger.ZERO), high, divisor);
    Dfa negative = magnitudes(high.negate().max(BigInteger.ONE), low.negate(), divisor);
    return withSign(positive, negative);
  }

  /** Numbers of the one automaton, and of the other behind a minus. */
  static Dfa withSign(Dfa positive, Dfa negative) {
    return DfaOperations.union(positive, behindMinus(negative));
  }

  private static Dfa behindMinus(Dfa digits) {
    if (digits.isEmpty()) {
      return digits;
    }
    return new Automaton<Integer>() {
      @Override
      public Integer start() {
        return -1;
      }

      @Override
      public boolean accepts(Integer state) {
        return state >= 0 && digits.accepts(state);
      }

      @Override
      public @Nullable Integer next(Integer state, int unsignedByte) {
        int next = state >= 0 ? digits.next(state, unsignedByte) : unsignedByte == '-' ? 0 : -1;
        return next < 0 ? null : next;
      }

      @Override
      public ByteClasses classes() {
        return ByteClasses.meet(java.util.List.of(ByteClasses.of(digits), ByteClasses.apart("-")));
      }
    }.toDfa();
  }

  /**
   * Where a run of digits stands.
   *
   * @param digits how many there are
   * @param low how they compare with as many first digits of the lower bound
   * @param high the same with the upper bound
   * @param remainder of the number so far
   */
  private record Place(int digits, int low, int high, int remainder) {}

  private static Dfa magnitudes(BigInteger min, BigInteger max, int divisor) {
    String low = min.toString();
    String high = max.toString();
    return new Automaton<Place>() {
      @Override
      public Place start() {
        return new Place(0, 0, 0, 0);
      }

      @Override
      public boolean accepts(Place place) {
        if (place.digits == 0 || place.remainder != 0 || max.signum() < 0) {
          return false;
        }
        int least = place.digits != low.length() ? place.digits - low.length() : place.low;
        int most = place.digits != high.length() ? place.digits - high.length() : place.high;
        return least >= 0 && most <= 0;
      }

      @Override
      public @Nullable Place next(Place place, int c) {
        boolean zero = place.digits == 1 && place.low == ZERO;
        if (c < '0' || c > '9' || zero || place.digits >= high.length()) {
          return null;
        }
        if (place.digits == 0 && c == '0') {
          return min.signum() == 0 ? new Place(1, ZERO, -1, 0) : null;
        }
        int index = place.digits;
        return new Place(
            index + 1,
            compare(place.low, low, index, c),
            compare(place.high, high, index, c),
            (place.remainder * 10 + c - '0') % divisor);
      }

      @Override
      public ByteClasses classes() {
        return ByteClasses.apart("0123456789");
      }
    }.toDfa();
  }

  // The number 0 itself, which no digit may follow; equal to a lower bound of 0.
  private static final int ZERO = 2;

  private static int compare(int sofar, String bound, int index, int digit) {
    if (sofar != 0 || index >= bound.length()) {
      return sofar;
    }
    return Integer.signum(digit - bound.charAt(index));
  }
}
