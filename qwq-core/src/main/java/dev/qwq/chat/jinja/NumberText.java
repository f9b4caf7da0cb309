package dev.qwq.chat.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Numbers to text and back, as Python does it. */
final class NumberText {
  private NumberText() {}

  /** {@code repr} of a float: the shortest digits that give it back. */
  static String repr(double value) {
    if (Double.isNaN(value)) {
      return "nan";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "inf" : "-inf";
    }
    if (value == 0) {
      return 1 / value < 0 ? "-0.0" : "0.0";
    }
    BigDecimal decimal = shortest(value).stripTrailingZeros();
    int exponent = decimal.precision() - decimal.scale() - 1;
    if (exponent >= -4 && exponent < 16) {
      String plain = decimal.toPlainString();
      return plain.indexOf('.') < 0 ? plain + ".0" : plain;
    }
    String digits = decimal.unscaledValue().abs().toString();
    String mantissa = digits.length() == 1 ? digits : digits.charAt(0) + "." + digits.substring(1);
    return (value < 0 ? "-" : "") + mantissa + exponent(exponent);
  }

  private static BigDecimal shortest(double value) {
    BigDecimal decimal = new BigDecimal(Double.toString(value));
    if (decimal.precision() == 2) {
      // Java always shows two digits; the smallest numbers need only one.
      BigDecimal shorter = decimal.round(new MathContext(1));
      return shorter.doubleValue() == value ? shorter : decimal;
    }
    return decimal;
  }

  /** {@code e+05}: a sign and at least two digits. */
  static String exponent(int exponent) {
    return String.format(Locale.ROOT, "e%s%02d", exponent < 0 ? "-" : "+", Math.abs(exponent));
  }

  /** {@code int(text, base)}; null where Python raises ValueError. */
  static @Nullable Object parseInteger(String text, int base) {
    String digits = strip(text);
    boolean negative = digits.startsWith("-");
    if (negative || digits.startsWith("+")) {
      digits = digits.substring(1);
    }
    int radix = base;
    int prefix = prefixRadix(digits);
    if (prefix != 0 && (base == 0 || base == prefix)) {
      radix = prefix;
      digits = digits.substring(digits.startsWith("_", 2) ? 3 : 2);
    } else if (base == 0) {
      radix = 10;
    }
    String plain = withoutUnderscores(digits, radix);
    if (plain == null || plain.length() > Numbers.MAX_DIGITS) {
      return null;
    }
    BigInteger value = new BigInteger(plain, radix);
    return Numbers.of(negative ? value.negate() : value);
  }

  private static int prefixRadix(String digits) {
    if (digits.length() < 2 || digits.charAt(0) != '0') {
      return 0;
    }
    return switch (digits.charAt(1)) {
      case 'x', 'X' -> 16;
      case 'o', 'O' -> 8;
      case 'b', 'B' -> 2;
      default -> 0;
    };
  }

  private static @Nullable String withoutUnderscores(String digits, int radix) {
    StringBuilder plain = new StringBuilder(digits.length());
    boolean afterDigit = false;
    for (int i = 0; i < digits.length(); i++) {
      char c = digits.charAt(i);
      int digit = Character.digit(c, radix);
      if (digit >= 0) {
        plain.append(Character.forDigit(digit, radix));
        afterDigit = true;
      } else if (c == '_' && afterDigit) {
        afterDigit = false;
      } else {
        return null;
      }
    }
    return afterDigit ? plain.toString() : null;
  }

  /** {@code float(text)}; null where Python raises ValueError. */
  static @Nullable Double parseFloat(String text) {
    String number = strip(text).toLowerCase(Locale.ROOT);
    String unsigned =
        number.startsWith("-") || number.startsWith("+") ? number.substring(1) : number;
    double sign = number.startsWith("-") ? -1 : 1;
    switch (unsigned) {
      case "inf", "infinity" -> {
        return sign * Double.POSITIVE_INFINITY;
      }
      case "nan" -> {
        return Double.NaN;
      }
      default -> {}
    }
    StringBuilder plain = new StringBuilder(unsigned.length());
    boolean digits = false;
    char last = ' ';
    for (int i = 0; i < unsigned.length(); i++) {
      char c = unsigned.charAt(i);
      int digit = Character.digit(c, 10);
      if (digit >= 0) {
        plain.append(digit);
        digits = true;
      } else if (c == '_') {
        boolean between =
            Character.isDigit(last)
                && i + 1 < unsigned.length()
                && Character.isDigit(unsigned.charAt(i + 1));
        if (!between) {
          return null;
        }
      } else if (c == '.' || c == 'e' || (c == '+' || c == '-') && last == 'e') {
        plain.append(c);
      } else {
        return null; // Java would also take hexadecimal digits and the suffixes d and f
      }
      last = c;
    }
    try {
      return digits ? sign * Double.parseDouble(plain.toString()) : null;
    } catch (NumberFormatException e) {
      return null;
    }
  }

  private static String strip(String text) {
    int from = Chars.skipSpace(text, 0);
    return text.substring(from, Chars.skipSpaceBack(text, from, text.length()));
  }
}
