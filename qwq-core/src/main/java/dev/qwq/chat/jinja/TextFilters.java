package dev.qwq.chat.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Filters that make text of text. */
final class TextFilters {
  private static final int LEEWAY = 5;

  private TextFilters() {}

  static void addTo(Map<String, Filters.Filter> all) {
    all.put("string", (c, value, args) -> Values.softText(c, value));
    all.put("lower", (c, value, args) -> Values.softText(c, value).lower());
    all.put("upper", (c, value, args) -> Values.softText(c, value).upper());
    all.put("capitalize", (c, value, args) -> keep(value, capitalize(c, value)));
    all.put("title", (c, value, args) -> title(c, Values.softText(c, value)));
    all.put("trim", TextFilters::trim);
    all.put("replace", TextFilters::replace);
    all.put("center", TextFilters::center);
    all.put("indent", TextFilters::indent);
    all.put("truncate", TextFilters::truncate);
    all.put("wordwrap", Wordwrap::apply);
    all.put("wordcount", (c, value, args) -> words(Values.text(c, value).value()));
    all.put("format", TextFilters::format);
  }

  private static Text capitalize(Context context, Object value) {
    return CaseMethods.capitalize(context, Values.softText(context, value));
  }

  /** Text made from HTML stays HTML. */
  private static Text keep(Object value, Text result) {
    return value instanceof Text text ? result.withMarkup(text.isMarkup()) : result;
  }

  /** An argument that must be a string, because the filter does not convert it. */
  static Text require(String filter, Object value) {
    if (value instanceof Text text) {
      return text;
    }
    if (value instanceof Undefined undefined) {
      throw undefined.error();
    }
    throw new TemplateError(filter + ": expected str, found " + Values.typeName(value));
  }

  /** Unlike the method, a word begins after blank space, hyphens and opening brackets only. */
  private static Text title(Context context, Text text) {
    TextBuilder out = new TextBuilder(context);
    String value = text.value();
    int at = 0;
    while (at < value.length()) {
      int end = at;
      boolean gap = isGap(value.charAt(at));
      while (end < value.length() && isGap(value.charAt(end)) == gap) {
        end++;
      }
      int first = at + (gap ? end - at : Character.charCount(value.codePointAt(at)));
      out.append(text.substring(at, first).upper()).append(text.substring(first, end).lower());
      at = end;
    }
    return out.toText();
  }

  private static boolean isGap(char c) {
    return Chars.isSpace(c) || "-({[<".indexOf(c) >= 0;
  }

  private static Object trim(Context context, Object value, Args args) {
    Args.Bound bound = args.bind("trim", 0, "chars");
    return SplitMethods.strip(
        Values.softText(context, value), bound.some(0) == null ? null : bound.text(0), true, true);
  }

  private static Object replace(Context context, Object value, Args args) {
    Args.Bound bound = args.bind("replace", 2, "old", "new", "count");
    return SearchMethods.replace(
        context,
        Values.text(context, value),
        Values.text(context, bound.get(0)),
        Values.text(context, bound.get(1)),
        bound.some(2) == null ? -1 : bound.integer(2, -1));
  }

  private static Object center(Context context, Object value, Args args) {
    Text text = Values.softText(context, value);
    int width = args.bind("center", 0, "width").integer(0, 80);
    return PaddingMethods.center(context, text, width, Text.of(" ", text.isOwn()));
  }

  private static Object indent(Context context, Object value, Args args) {
    Args.Bound bound = args.bind("indent", 0, "width", "first", "blank");
    Text text = require("indent", value);
    Text indent =
        bound.get(0, 4L) instanceof Text given
            ? given
            : new TextBuilder(context)
                .repeat(Text.of(" ", text.isOwn()), bound.integer(0, 4))
                .toText();
    Text newLine = Text.of("\n", text.isOwn());
    Text ended = new TextBuilder(context).append(text).append(newLine).toText();
    List<Object> lines = SplitMethods.lines(ended, false);
    TextBuilder out = new TextBuilder(context);
    for (int i = 0; i < lines.size(); i++) {
      Text line = (Text) lines.get(i);
      boolean indented = i == 0 ? bound.flag(1) : bound.flag(2) || !line.isEmpty();
      if (i > 0) {
        out.append(newLine);
      }
      if (indented) {
        out.append(indent);
      }
      out.append(line);
    }
    return keep(value, out.toText());
  }

  private static Object truncate(Context context, Object value, Args args) {
    Args.Bound bound = args.bind("truncate", 0, "length", "killwords", "end", "leeway");
    Text text = require("truncate", value);
    Text end = bound.has(2) ? bound.text(2) : Text.of("...", text.isOwn());
    int length = bound.integer(0, 255);
    int leeway = bound.some(3) == null ? LEEWAY : bound.integer(3, LEEWAY);
    if (length < end.size() || leeway < 0) {
      throw new TemplateError(
          "truncate: expected length >= "
              + end.size()
              + " and leeway >= 0, found "
              + length
              + " and "
              + leeway);
    }
    if (text.size() <= (long) length + leeway) {
      return text;
    }
    Text cut = text.substring(0, text.position(length - end.size()));
    if (!bound.flag(1)) {
      int blank = cut.value().lastIndexOf(' ');
      cut = blank < 0 ? cut : cut.substring(0, blank);
    }
    return Operators.add(context, cut, end);
  }

  private static long words(String text) {
    long words = 0;
    boolean inside = false;
    for (int at = 0; at < text.length(); ) {
      int c = text.codePointAt(at);
      boolean word = Chars.isWord(c);
      words += word && !inside ? 1 : 0;
      inside = word;
      at += Character.charCount(c);
    }
    return words;
  }

  private static Object format(Context context, Object value, Args args) {
    Text format = Values.softText(context, value);
    if (args.keywords().isEmpty()) {
      return PercentFormat.format(context, format, new PyTuple(new ArrayList<>(args.positional())));
    }
    if (!args.positional().isEmpty()) {
      throw new TemplateError(
          "format: positional and keyword arguments cannot be used at the same time");
    }
    PyDict values = new PyDict();
    args.keywords().forEach((key, v) -> values.put(context, Text.own(key), v));
    return PercentFormat.format(context, format, values);
  }
}
