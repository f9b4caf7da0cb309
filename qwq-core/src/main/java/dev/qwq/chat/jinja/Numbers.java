package dev.qwq.chat.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;

/**
 * Python's numbers: int as Long, or BigInteger where that is too small; float as Double; bool,
 * which is an int too.
 */
final class Numbers {
  /** The most digits of an int; Python limits conversion from and to text so. */
  static final int MAX_DIGITS = 4300;

  // log2(10) bits for a digit.
  private static final int MAX_BITS = (int) (MAX_DIGITS * 3.3219) + 1;

  private Numbers() {}

  static boolean isInteger(Object value) {
    return value instanceof Long || value instanceof Boolean || value instanceof BigInteger;
  }

  static boolean isNumber(Object value) {
    return isInteger(value) || value instanceof Double;
  }

  static BigInteger big(Object value) {
    return switch (value) {
      case Long l -> BigInteger.valueOf(l);
      case Boolean b -> b ? BigInteger.ONE : BigInteger.ZERO;
      case BigInteger b -> b;
      default -> throw new TemplateError("expected int, found " + Values.typeName(value));
    };
  }

  static Object of(BigInteger value) {
    if (value.bitLength() < Long.SIZE) {
      return value.longValue();
    }
    if (value.bitLength() > MAX_BITS) {
      throw new TemplateError("number limit exceeded: more than " + MAX_DIGITS + " digits");
    }
    return value;
  }

  static double real(Object value) {
    double real =
        switch (value) {
          case Double d -> d;
          case Long l -> (double) l;
          default -> big(value).doubleValue();
        };
    if (Double.isInfinite(real) && !(value instanceof Double)) {
      throw new TemplateError("int too large to convert to float");
    }
    return real;
  }

  /** An int of Java, the nearest one if the value is beyond its range. */
  static int saturated(Object value) {
    return value instanceof Long l
        ? Math.clamp(l, Integer.MIN_VALUE, Integer.MAX_VALUE)
        : big(value)
            .min(BigInteger.valueOf(Integer.MAX_VALUE))
            .max(BigInteger.valueOf(Integer.MIN_VALUE))
            .intValue();
  }

  /** An argument that must be an int. */
  static int toInt(Object value, String what) {
    if (!isInteger(value)) {
      throw new TemplateError(what + ": expected int, found " + Values.typeName(value));
    }
    return saturated(value);
  }

  private static boolean areIntegers(Object a, Object b) {
    return !(a instanceof Double) && !(b instanceof Double);
  }

  static Object add(Object a, Object b) {
    return areIntegers(a, b) ? of(big(a).add(big(b))) : (Object) (real(a) + real(b));
  }

  static Object subtract(Object a, Object b) {
    return areIntegers(a, b) ? of(big(a).subtract(big(b))) : (Object) (real(a) - real(b));
  }

  static Object multiply(Object a, Object b) {
    return areIntegers(a, b) ? of(big(a).multiply(big(b))) : (Object) (real(a) * real(b));
  }

  private static void requireNotZero(Object b) {
    if (!Values.truth(b)) {
      throw new TemplateError("division by zero");
    }
  }

  static Object divide(Object a, Object b) {
    requireNotZero(b);
    if (a instanceof BigInteger || b instanceof BigInteger) {
      if (areIntegers(a, b)) {
        // Python rounds the exact quotient once; 40 digits leave the second rounding no say.
        MathContext digits = new MathContext(40);
        return new BigDecimal(big(a)).divide(new BigDecimal(big(b)), digits).doubleValue();
      }
    }
    return real(a) / real(b);
  }

  static Object floorDivide(Object a, Object b) {
    requireNotZero(b);
    if (areIntegers(a, b)) {
      BigInteger[] parts = big(a).divideAndRemainder(big(b));
      boolean down = parts[1].signum() != 0 && parts[1].signum() != big(b).signum();
      return of(down ? parts[0].subtract(BigInteger.ONE) : parts[0]);
    }
    double x = real(a);
    double y = real(b);
    double quotient = (x - (double) modulo(x, y)) / y;
    if (quotient == 0) {
      return Math.copySign(0.0, x / y);
    }
    double floor = Math.floor(quotient);
    return quotient - floor > 0.5 ? floor + 1 : floor;
  }

  static Object modulo(Object a, Object b) {
    requireNotZero(b);
    if (areIntegers(a, b)) {
      BigInteger divisor = big(b);
      BigInteger rest = big(a).remainder(divisor);
      return of(rest.signum() != 0 && rest.signum() != divisor.signum() ? rest.add(divisor) : rest);
    }
    double y = real(b);
    double rest = real(a) % y;
    if (rest == 0) {
      return Math.copySign(0.0, y);
    }
    return rest < 0 != y < 0 ? rest + y : rest;
  }

  static Object power(Object a, Object b) {
    if (areIntegers(a, b) && big(b).signum() >= 0) {
      BigInteger base = big(a);
      if (base.bitLength() <= 1) { // 0, 1 and -1, -2
        if (base.signum() >= 0 || base.equals(BigInteger.ONE.negate())) {
          return of(base.pow(big(b).testBit(0) ? 1 : big(b).signum() == 0 ? 0 : 2));
        }
      }
      int exponent = saturated(b);
      if ((base.bitLength() - 1L) * exponent > MAX_BITS) {
        throw new TemplateError("number limit exceeded: more than " + MAX_DIGITS + " digits");
      }
      return of(base.pow(exponent));
    }
    double x = real(a);
    double y = real(b);
    if (x == 0 && y < 0) {
      throw new TemplateError("0.0 cannot be raised to a negative power");
    }
    if (x < 0 && !Double.isInfinite(x) && y != Math.rint(y)) {
      throw new TemplateError("a negative number cannot be raised to a fractional power");
    }
    double power = x == 1 ? 1 : Math.pow(x, y);
    if (Double.isInfinite(power) && !Double.isInfinite(x) && !Double.isInfinite(y)) {
      throw new TemplateError("number too large for float");
    }
    return power;
  }

  static boolean equal(Object a, Object b) {
    if (areIntegers(a, b)) {
      return big(a).equals(big(b));
    }
    return isFinite(a) && isFinite(b) ? exact(a).compareTo(exact(b)) == 0 : asReal(a) == asReal(b);
  }

  static boolean less(Object a, Object b) {
    if (areIntegers(a, b)) {
      return big(a).compareTo(big(b)) < 0;
    }
    return isFinite(a) && isFinite(b) ? exact(a).compareTo(exact(b)) < 0 : asReal(a) < asReal(b);
  }

  private static boolean isFinite(Object value) {
    return !(value instanceof Double d) || Double.isFinite(d);
  }

  // Beside an infinity or NaN any finite number will do.
  private static double asReal(Object value) {
    return value instanceof Double d ? d : 0;
  }

  private static BigDecimal exact(Object value) {
    return value instanceof Double d ? new BigDecimal(d) : new BigDecimal(big(value));
  }
}
