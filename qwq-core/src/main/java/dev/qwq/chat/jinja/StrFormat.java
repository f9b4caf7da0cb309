package dev.qwq.chat.jinja;

/** {@code str.format}: fields in braces with attributes, items, conversion and specification. */
final class StrFormat {
  private final Context context;
  private final Args args;
  private int automatic; // the next field without a number; -1 once one has had a number

  private StrFormat(Context context, Args args) {
    this.context = context;
    this.args = args;
  }

  static Text format(Context context, Text format, Args args) {
    return new StrFormat(context, args).expand(format, 2).withMarkup(format.isMarkup());
  }

  private Text expand(Text format, int depth) {
    if (depth == 0) {
      throw new TemplateError("max string recursion exceeded");
    }
    String pattern = format.value();
    TextBuilder out = new TextBuilder(context);
    int at = 0;
    while (at < pattern.length()) {
      char c = pattern.charAt(at);
      boolean doubled = at + 1 < pattern.length() && pattern.charAt(at + 1) == c;
      if (c == '{' && !doubled) {
        int end = fieldEnd(pattern, at + 1);
        out.append(field(format.substring(at + 1, end).withMarkup(false), format, depth));
        at = end + 1;
      } else if (c == '}' && !doubled) {
        throw new TemplateError("single '}' encountered in format string");
      } else {
        out.append(format, at, at + 1);
        at += c == '{' || c == '}' ? 2 : 1;
      }
    }
    return out.toText();
  }

  private static int fieldEnd(String pattern, int from) {
    int depth = 1;
    for (int at = from; at < pattern.length(); at++) {
      char c = pattern.charAt(at);
      if (c == '{') {
        depth++;
      } else if (c == '}' && --depth == 0) {
        return at;
      }
    }
    throw new TemplateError("expected '}' before end of string");
  }

  private Text field(Text field, Text format, int depth) {
    String text = field.value();
    int end = 0;
    while (end < text.length() && text.charAt(end) != ':' && text.charAt(end) != '!') {
      // A bracket may hold any character but its end.
      end = text.charAt(end) == '[' ? Math.max(text.indexOf(']', end), end) + 1 : end + 1;
    }
    Object value = look(text.substring(0, end));
    if (end < text.length() && text.charAt(end) == '!') {
      char conversion = end + 1 < text.length() ? text.charAt(end + 1) : ' ';
      value =
          switch (conversion) {
            case 's' -> Values.text(context, value);
            case 'r' -> Repr.repr(context, value);
            case 'a' -> Text.foreign(Repr.quoteAscii(Values.text(context, value).value()));
            default -> throw new TemplateError("unknown conversion specifier '" + conversion + "'");
          };
      end += 2;
      if (end < text.length() && text.charAt(end) != ':') {
        throw new TemplateError("expected ':' after conversion specifier");
      }
    }
    Text spec = end < text.length() ? expand(field.substring(end + 1), depth - 1) : Text.EMPTY;
    Text formatted =
        value instanceof Text string && spec.isEmpty()
            ? string
            : FormatSpec.format(context, value, spec);
    return format.isMarkup() ? Html.escape(context, formatted) : formatted;
  }

  private Object look(String path) {
    int end = 0;
    while (end < path.length() && path.charAt(end) != '.' && path.charAt(end) != '[') {
      end++;
    }
    String first = path.substring(0, end);
    Object value = path.isEmpty() ? automatic() : named(first);
    while (end < path.length()) {
      if (path.charAt(end) == '.') {
        int begin = end + 1;
        end = begin;
        while (end < path.length() && path.charAt(end) != '.' && path.charAt(end) != '[') {
          end++;
        }
        value = Attributes.attribute(context, value, path.substring(begin, end));
      } else {
        int close = path.indexOf(']', end);
        if (close < 0) {
          throw new TemplateError("missing ']' in format string");
        }
        String key = path.substring(end + 1, close);
        value = Attributes.item(context, value, index(key) < 0 ? Text.own(key) : (long) index(key));
        end = close + 1;
      }
    }
    return value;
  }

  private Object automatic() {
    if (automatic < 0) {
      throw mixed();
    }
    return argument(automatic++, "");
  }

  private static TemplateError mixed() {
    return new TemplateError("format(): fields are numbered either all or not at all");
  }

  private Object named(String name) {
    int index = index(name);
    if (index >= 0) {
      if (automatic > 0) {
        throw mixed();
      }
      automatic = -1;
      return argument(index, name);
    }
    Object value = args.keywords().get(name);
    if (value == null) {
      throw new TemplateError("format(): no argument '" + name + "'");
    }
    return value;
  }

  private Object argument(int index, String name) {
    if (index >= args.positional().size()) {
      throw new TemplateError(
          "format(): no argument for field '{"
              + name
              + "}': only "
              + args.positional().size()
              + " are given");
    }
    return args.positional().get(index);
  }

  /** A number, or -1. */
  private static int index(String text) {
    if (text.isEmpty() || text.length() > 9) {
      return -1;
    }
    int index = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < '0' || c > '9') {
        return -1;
      }
      index = 10 * index + c - '0';
    }
    return index;
  }
}
