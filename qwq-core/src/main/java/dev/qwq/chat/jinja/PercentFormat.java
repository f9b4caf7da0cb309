package dev.qwq.chat.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;
import java.util.Locale;

/** {@code format % values}, Python's printf. */
final class PercentFormat {
  private final Context context;
  private final Text format;
  private final String pattern;
  private final Object values;
  private final List<Object> positional;
  private final TextBuilder out;
  private int at;
  private int used;

  private boolean left;
  private boolean plus;
  private boolean space;
  private boolean zero;
  private boolean alternate;
  private int width;
  private int precision;

  private PercentFormat(Context context, Text format, Object values) {
    this.context = context;
    this.format = format;
    this.values = values;
    pattern = format.value();
    positional = values instanceof PyTuple tuple ? tuple.items() : List.of(values);
    out = new TextBuilder(context);
  }

  static Text format(Context context, Text format, Object values) {
    return new PercentFormat(context, format, values).run().withMarkup(format.isMarkup());
  }

  private Text run() {
    while (at < pattern.length()) {
      int percent = pattern.indexOf('%', at);
      int end = percent < 0 ? pattern.length() : percent;
      out.append(format, at, end);
      at = end;
      if (percent >= 0) {
        at++;
        convert(percent);
      }
    }
    // Python asks whether it can be indexed, which lists can too.
    boolean mapping =
        values instanceof PyDict
            || values instanceof PyList
            || values instanceof PyRange
            || values instanceof Undefined;
    if (used < positional.size() && !mapping) {
      throw new TemplateError("not all arguments converted during string formatting");
    }
    return out.toText();
  }

  private char next() {
    if (at >= pattern.length()) {
      throw new TemplateError("incomplete format");
    }
    return pattern.charAt(at++);
  }

  private Object argument() {
    if (used >= positional.size()) {
      throw new TemplateError("not enough arguments for format string");
    }
    return positional.get(used++);
  }

  private void convert(int percent) {
    Object keyed = None.NONE;
    boolean hasKey = false;
    char c = next();
    if (c == '%') {
      out.append(format, percent, percent + 1);
      return;
    }
    if (c == '(') {
      keyed = lookUp();
      hasKey = true;
      c = next();
    }
    c = flags(c);
    width = -1;
    precision = -1;
    if (c == '*') {
      width = Numbers.toInt(argument(), "* of a format");
      left |= width < 0;
      width = Math.abs(width);
      c = next();
    } else if (isDigit(c)) {
      at--;
      width = number();
      c = next();
    }
    if (c == '.') {
      c = next();
      if (c == '*') {
        precision = Math.max(0, Numbers.toInt(argument(), "* of a format"));
        c = next();
      } else {
        at--;
        precision = number();
        c = next();
      }
    }
    while (c == 'h' || c == 'l' || c == 'L') {
      c = next();
    }
    pad(convert(c, hasKey ? keyed : argument()), "diuoxXeEfFgG".indexOf(c) >= 0);
  }

  private Object lookUp() {
    int begin = at;
    for (int depth = 1; depth > 0; ) {
      char c = next();
      depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    }
    if (!(values instanceof PyDict dict)) {
      throw new TemplateError("format requires a mapping");
    }
    String key = pattern.substring(begin, at - 1);
    Object value = dict.get(key);
    if (value == null) {
      throw new TemplateError("format: no value for '" + key + "'");
    }
    return value;
  }

  private char flags(char first) {
    left = false;
    plus = false;
    space = false;
    zero = false;
    alternate = false;
    char c = first;
    while (true) {
      switch (c) {
        case '-' -> left = true;
        case '+' -> plus = true;
        case ' ' -> space = true;
        case '0' -> zero = true;
        case '#' -> alternate = true;
        default -> {
          return c;
        }
      }
      c = next();
    }
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private int number() {
    int number = 0;
    while (at < pattern.length() && isDigit(pattern.charAt(at))) {
      number = (int) Math.min(Integer.MAX_VALUE, 10L * number + pattern.charAt(at++) - '0');
    }
    return number;
  }

  private Text convert(char type, Object value) {
    return switch (type) {
      case 's' -> cut(escaped(Values.softText(context, value)));
      case 'r' -> cut(escaped(Repr.repr(context, value)));
      case 'a' ->
          cut(escaped(Text.of(Repr.quoteAscii(Values.text(context, value).value()), false)));
      case 'c' -> character(value);
      case 'd', 'i', 'u' -> signed(integer(value, true), 10, type);
      case 'o' -> signed(integer(value, false), 8, type);
      case 'x', 'X' -> signed(integer(value, false), 16, type);
      case 'e', 'E', 'f', 'F', 'g', 'G' -> real(value, type);
      default -> throw new TemplateError("unsupported format character '" + type + "'");
    };
  }

  private Text escaped(Text text) {
    return format.isMarkup() ? Html.escape(context, text) : text.withMarkup(false);
  }

  private Text cut(Text text) {
    return precision >= 0 && precision < text.size()
        ? text.substring(0, text.position(precision))
        : text;
  }

  private Text character(Object value) {
    if (value instanceof Text text && text.size() == 1) {
      return text;
    }
    if (!Numbers.isInteger(value) || !Character.isValidCodePoint(Numbers.saturated(value))) {
      throw new TemplateError("format type c: expected a code point or one character");
    }
    return Text.foreign(Character.toString(Numbers.saturated(value)));
  }

  private static BigInteger integer(Object value, boolean fromFloat) {
    if (fromFloat && value instanceof Double d && Double.isFinite(d)) {
      return new BigDecimal(d).toBigInteger();
    }
    if (!Numbers.isInteger(value)) {
      throw new TemplateError(
          "a number is required for this format, found " + Values.typeName(value));
    }
    return Numbers.big(value);
  }

  private Text signed(BigInteger value, int radix, char type) {
    String digits = value.abs().toString(radix);
    if (precision > NumberFormat.MAX_PRECISION) {
      throw new TemplateError("precision limit exceeded: " + precision);
    }
    digits = "0".repeat(Math.max(0, precision - digits.length())) + digits;
    String prefix = alternate ? radix == 8 ? "0o" : radix == 16 ? "0x" : "" : "";
    String text = sign(value.signum() < 0) + prefix + digits;
    return Text.foreign(type == 'X' ? text.toUpperCase(Locale.ROOT) : text);
  }

  private Text real(Object value, char type) {
    if (!Numbers.isNumber(value)) {
      throw new TemplateError("must be real number, not " + Values.typeName(value));
    }
    double number = Numbers.real(value);
    char lower = Character.toLowerCase(type);
    String digits = NumberFormat.format(number, lower, precision < 0 ? 6 : precision, alternate);
    boolean negative = number < 0 || number == 0 && 1 / number < 0;
    String text = sign(negative) + digits;
    return Text.foreign(type == lower ? text : text.toUpperCase(Locale.ROOT));
  }

  private String sign(boolean negative) {
    return negative ? "-" : plus ? "+" : space ? " " : "";
  }

  private void pad(Text text, boolean number) {
    Text filler = Text.of(zero && number && !left ? "0" : " ", format.isOwn());
    long missing = (long) width - text.size();
    if (left) {
      out.append(text).repeat(filler, missing);
    } else if (filler.value().equals("0")) {
      int digits = 0;
      String value = text.value();
      while (digits < value.length() && "+- ".indexOf(value.charAt(digits)) >= 0) {
        digits++;
      }
      if (alternate
          && value.length() > digits + 1
          && Character.isLetter(value.charAt(digits + 1))) {
        digits += 2;
      }
      out.append(text, 0, digits).repeat(filler, missing).append(text, digits, value.length());
    } else {
      out.repeat(filler, missing).append(text);
    }
  }
}
