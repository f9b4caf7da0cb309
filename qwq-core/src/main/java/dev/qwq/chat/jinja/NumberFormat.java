package dev.qwq.chat.jinja;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;

/** Floats in the notations {@code f}, {@code e} and {@code g} of C, without a sign. */
final class NumberFormat {
  /** The most digits after the point. */
  static final int MAX_PRECISION = 1000;

  private NumberFormat() {}

  /**
   * Formats by one of {@code f e g} or, {@code r}, as {@code g} but with a digit after the point.
   */
  static String format(double value, char type, int precision, boolean alternate) {
    double magnitude = Math.abs(value);
    if (Double.isNaN(value)) {
      return "nan";
    }
    if (Double.isInfinite(value)) {
      return "inf";
    }
    if (precision > MAX_PRECISION) {
      throw new TemplateError("precision limit exceeded: more than " + MAX_PRECISION + " digits");
    }
    return switch (type) {
      case 'f' -> fixed(magnitude, precision, alternate);
      case 'e' -> exponential(magnitude, precision, alternate);
      default -> general(magnitude, Math.max(precision, 1), alternate, type == 'r');
    };
  }

  private static String fixed(double value, int precision, boolean alternate) {
    String text = new BigDecimal(value).setScale(precision, RoundingMode.HALF_EVEN).toPlainString();
    return alternate && precision == 0 ? text + "." : text;
  }

  private static BigDecimal rounded(double value, int digits) {
    return new BigDecimal(value).round(new MathContext(digits, RoundingMode.HALF_EVEN));
  }

  private static int exponentOf(BigDecimal value) {
    return value.signum() == 0 ? 0 : value.precision() - value.scale() - 1;
  }

  private static String digits(BigDecimal value, int count) {
    StringBuilder digits = new StringBuilder(value.unscaledValue().toString());
    while (digits.length() < count) {
      digits.append('0');
    }
    return digits.substring(0, count);
  }

  private static String exponential(double value, int precision, boolean alternate) {
    BigDecimal decimal = rounded(value, precision + 1);
    return scientific(digits(decimal, precision + 1), exponentOf(decimal), alternate);
  }

  private static String scientific(String digits, int exponent, boolean alternate) {
    String point = digits.length() > 1 || alternate ? "." : "";
    return digits.charAt(0) + point + digits.substring(1) + NumberText.exponent(exponent);
  }

  private static String general(double value, int precision, boolean alternate, boolean dot) {
    BigDecimal decimal = rounded(value, precision);
    int exponent = exponentOf(decimal);
    String digits = digits(decimal, precision);
    if (!alternate) {
      digits = withoutTrailingZeros(digits);
    }
    if (exponent < -4 || exponent >= (dot ? precision - 1 : precision)) {
      return scientific(digits, exponent, alternate);
    }
    StringBuilder text = new StringBuilder();
    if (exponent < 0) {
      text.append("0.").repeat('0', -exponent - 1).append(digits);
    } else {
      text.append(digits, 0, Math.min(digits.length(), exponent + 1));
      text.repeat('0', Math.max(0, exponent + 1 - digits.length()));
      if (digits.length() > exponent + 1) {
        text.append('.').append(digits, exponent + 1, digits.length());
      } else if (alternate || dot) {
        text.append(dot ? ".0" : ".");
      }
    }
    return text.toString();
  }

  private static String withoutTrailingZeros(String digits) {
    int end = digits.length();
    while (end > 1 && digits.charAt(end - 1) == '0') {
      end--;
    }
    return digits.substring(0, end);
  }
}
