package dev.qwq.chat.jinja;

import java.math.BigInteger;
import java.util.Locale;

/**
 * Python's format specification, what stands after the colon in {@code "{:>8.3f}"}: {@code
 * [[fill]align][sign][#][0][width][grouping][.precision][type]}.
 */
final class FormatSpec {
  private final Text spec;
  private final String text;
  private int at;

  private Text fill = Text.EMPTY;
  private char align;
  private char sign = '-';
  private boolean alternate;
  private int width;
  private char grouping;
  private int precision = -1;
  private char type;

  private FormatSpec(Text spec) {
    this.spec = spec;
    text = spec.value();
    parse();
  }

  static Text format(Context context, Object value, Text spec) {
    if (spec.isEmpty()) {
      return Values.text(context, value);
    }
    FormatSpec format = new FormatSpec(spec);
    return switch (value) {
      case Text string -> format.formatText(context, string);
      case Double d -> format.formatReal(context, d, d < 0 || d == 0 && 1 / d < 0);
      case Boolean b -> format.formatInteger(context, Numbers.big(b));
      case Long l -> format.formatInteger(context, Numbers.big(l));
      case BigInteger b -> format.formatInteger(context, b);
      default ->
          throw new TemplateError(
              "unsupported format string passed to " + Values.typeName(value) + ".__format__");
    };
  }

  private void parse() {
    if (!text.isEmpty()) {
      int first = Character.charCount(text.codePointAt(0));
      if (first < text.length() && "<>=^".indexOf(text.charAt(first)) >= 0) {
        fill = spec.substring(0, first);
        align = text.charAt(first);
        at = first + 1;
      } else if (is("<>=^")) {
        align = text.charAt(at++);
      }
    }
    if (is("+- ")) {
      sign = text.charAt(at++);
    }
    if (is("z")) {
      at++;
    }
    if (is("#")) {
      alternate = true;
      at++;
    }
    if (is("0")) {
      if (align == 0) {
        align = '=';
      }
      if (fill.isEmpty()) {
        fill = spec.substring(at, at + 1);
      }
      at++;
    }
    width = number(0);
    if (is(",_")) {
      grouping = text.charAt(at++);
    }
    if (is(".")) {
      at++;
      precision = number(-1);
      if (precision < 0) {
        throw new TemplateError("format specifier missing precision");
      }
    }
    if (at < text.length()) {
      type = text.charAt(at++);
    }
    if (at < text.length()) {
      throw new TemplateError("invalid format specifier '" + text + "'");
    }
  }

  private boolean is(String choice) {
    return at < text.length() && choice.indexOf(text.charAt(at)) >= 0;
  }

  private int number(int otherwise) {
    int begin = at;
    long number = 0;
    while (is("0123456789")) {
      number = Math.min(Integer.MAX_VALUE, 10 * number + text.charAt(at++) - '0');
    }
    return at == begin ? otherwise : (int) number;
  }

  private Text formatText(Context context, Text value) {
    if (type != 0 && type != 's' || align == '=') {
      throw unknown("str");
    }
    boolean cut = precision >= 0 && precision < value.size();
    return pad(context, cut ? value.substring(0, value.position(precision)) : value, 0, '<');
  }

  private Text formatInteger(Context context, BigInteger value) {
    boolean negative = value.signum() < 0;
    BigInteger magnitude = value.abs();
    String prefix = "";
    String digits;
    switch (type) {
      case 0, 'd', 'n' -> digits = magnitude.toString();
      case 'b' -> {
        prefix = "0b";
        digits = magnitude.toString(2);
      }
      case 'o' -> {
        prefix = "0o";
        digits = magnitude.toString(8);
      }
      case 'x', 'X' -> {
        prefix = "0x";
        digits = magnitude.toString(16);
      }
      case 'c' -> {
        int code = Numbers.saturated(value);
        if (!Character.isValidCodePoint(code)) {
          throw new TemplateError("format type c: expected a code point, found " + value);
        }
        return pad(context, Text.foreign(Character.toString(code)), 0, '<');
      }
      case 'e', 'E', 'f', 'F', 'g', 'G', '%' -> {
        return formatReal(context, Numbers.real(value), negative);
      }
      default -> throw unknown("int");
    }
    if (precision >= 0) {
      throw new TemplateError("precision not allowed in integer format specifier");
    }
    String before = sign(negative) + (alternate ? prefix : "");
    int group = type == 0 || type == 'd' || type == 'n' ? 3 : 4;
    String number = before + group(digits, group, before.length());
    number = type == 'X' ? number.toUpperCase(Locale.ROOT) : number;
    return pad(context, Text.foreign(number), before.length(), '>');
  }

  private Text formatReal(Context context, double value, boolean negative) {
    String digits =
        switch (type) {
          case 0 ->
              precision < 0
                  ? NumberText.repr(Math.abs(value))
                  : NumberFormat.format(value, 'r', precision, alternate);
          case 'e', 'E', 'f', 'F', 'g', 'G' ->
              NumberFormat.format(
                  value, Character.toLowerCase(type), precision < 0 ? 6 : precision, alternate);
          case 'n' -> NumberFormat.format(value, 'g', precision < 0 ? 6 : precision, alternate);
          case '%' ->
              NumberFormat.format(value * 100, 'f', precision < 0 ? 6 : precision, alternate) + "%";
          default -> throw unknown("float");
        };
    int whole = 0;
    while (whole < digits.length() && Character.isDigit(digits.charAt(whole))) {
      whole++;
    }
    String before = sign(negative);
    String number =
        before
            + group(digits.substring(0, whole), 3, before.length() + digits.length() - whole)
            + digits.substring(whole);
    number = Character.isUpperCase(type) ? number.toUpperCase(Locale.ROOT) : number;
    return pad(context, Text.foreign(number), before.length(), '>');
  }

  private String sign(boolean negative) {
    return negative ? "-" : sign == '-' ? "" : String.valueOf(sign);
  }

  /** Parts digits into groups; zeros that pad the number are grouped along. */
  private String group(String digits, int size, int others) {
    if (grouping == 0) {
      return digits;
    }
    StringBuilder grouped = new StringBuilder(digits);
    if (align == '=' && fill.value().equals("0")) {
      int limit = Math.min(width, NumberFormat.MAX_PRECISION) - others;
      while (grouped.length() + (grouped.length() - 1) / size < limit) {
        grouped.insert(0, '0');
      }
    }
    for (int i = grouped.length() - size; i > 0; i -= size) {
      grouped.insert(i, grouping);
    }
    return grouped.toString();
  }

  private Text pad(Context context, Text value, int afterSign, char standard) {
    long missing = (long) width - value.size();
    if (missing <= 0) {
      return value;
    }
    char side = align == 0 ? standard : align;
    Text filler = fill.isEmpty() ? Text.of(" ", spec.isOwn()) : fill;
    TextBuilder out = new TextBuilder(context);
    long before =
        switch (side) {
          case '<' -> 0;
          case '^' -> missing / 2;
          default -> missing;
        };
    int signLength = side == '=' ? afterSign : 0;
    return out.append(value, 0, signLength)
        .repeat(filler, before)
        .append(value, signLength, value.length())
        .repeat(filler, missing - before)
        .toText();
  }

  private TemplateError unknown(String kind) {
    return new TemplateError("unknown format specifier '" + text + "' for a value of type " + kind);
  }
}
