package dev.qwq.chat.jinja;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/** Methods of str that cut, and join. */
final class SplitMethods {
  private SplitMethods() {}

  static void addTo(Map<String, StringMethods.Method> all) {
    all.put(
        "split",
        (context, self, args) -> {
          Args.Bound bound = args.bind("split", 0, "sep", "maxsplit");
          int most = most(bound);
          return bound.some(0) == null
              ? new PyList(splitBlank(self, most))
              : new PyList(split(context, self, bound.text(0).value(), most));
        });
    all.put(
        "rsplit",
        (context, self, args) -> {
          Args.Bound bound = args.bind("rsplit", 0, "sep", "maxsplit");
          int most = most(bound);
          return bound.some(0) == null
              ? new PyList(rsplitBlank(self, most))
              : new PyList(rsplit(context, self, bound.text(0).value(), most));
        });
    all.put(
        "splitlines",
        (context, self, args) ->
            new PyList(lines(self, args.bind("splitlines", 0, "keepends").flag(0))));
    all.put("partition", (context, self, args) -> partition(self, args));
    all.put("rpartition", (context, self, args) -> rpartition(self, args));
    all.put("strip", (context, self, args) -> strip(self, args, "strip", true, true));
    all.put("lstrip", (context, self, args) -> strip(self, args, "lstrip", true, false));
    all.put("rstrip", (context, self, args) -> strip(self, args, "rstrip", false, true));
    all.put("removeprefix", (context, self, args) -> removePrefix(self, args));
    all.put("removesuffix", (context, self, args) -> removeSuffix(self, args));
    all.put(
        "join",
        (context, self, args) ->
            join(context, self, Values.iterate(context, args.bind("join", 1, "iterable").get(0))));
  }

  private static int most(Args.Bound bound) {
    int most = bound.integer(1, -1);
    return most < 0 ? Integer.MAX_VALUE : most;
  }

  private static String separator(String separator) {
    if (separator.isEmpty()) {
      throw new TemplateError("empty separator");
    }
    return separator;
  }

  private static List<Object> split(Context context, Text text, String separator, int most) {
    separator(separator);
    List<Object> parts = new ArrayList<>();
    int done = 0;
    while (parts.size() < most) {
      int at = Search.indexOf(text.value(), separator, done);
      if (at < 0) {
        break;
      }
      context.spend(1);
      parts.add(text.substring(done, at));
      done = at + separator.length();
    }
    parts.add(text.substring(done));
    return parts;
  }

  static List<Object> rsplit(Context context, Text text, String separator, int most) {
    separator(separator);
    List<Object> parts = new ArrayList<>();
    int end = text.length();
    while (parts.size() < most) {
      int at = Search.lastIndexOf(text.value(), separator, end);
      if (at < 0) {
        break;
      }
      context.spend(separator.length());
      parts.add(text.substring(at + separator.length(), end));
      end = at;
    }
    parts.add(text.substring(0, end));
    Collections.reverse(parts);
    return parts;
  }

  private static List<Object> splitBlank(Text text, int most) {
    String value = text.value();
    List<Object> parts = new ArrayList<>();
    int at = Chars.skipSpace(value, 0);
    while (at < value.length()) {
      int end = at;
      if (parts.size() == most) {
        parts.add(text.substring(at));
        break;
      }
      while (end < value.length() && !Chars.isSpace(value.charAt(end))) {
        end++;
      }
      parts.add(text.substring(at, end));
      at = Chars.skipSpace(value, end);
    }
    return parts;
  }

  private static List<Object> rsplitBlank(Text text, int most) {
    String value = text.value();
    List<Object> parts = new ArrayList<>();
    int end = Chars.skipSpaceBack(value, 0, value.length());
    while (end > 0) {
      int at = end;
      if (parts.size() == most) {
        parts.add(text.substring(0, end));
        break;
      }
      while (at > 0 && !Chars.isSpace(value.charAt(at - 1))) {
        at--;
      }
      parts.add(text.substring(at, end));
      end = Chars.skipSpaceBack(value, 0, at);
    }
    Collections.reverse(parts);
    return parts;
  }

  static List<Object> lines(Text text, boolean keepEnds) {
    String value = text.value();
    List<Object> lines = new ArrayList<>();
    int begin = 0;
    for (int at = 0; at < value.length(); ) {
      char c = value.charAt(at++);
      if (!Chars.isLineEnd(c)) {
        continue;
      }
      int end = at - 1;
      if (c == '\r' && at < value.length() && value.charAt(at) == '\n') {
        at++;
      }
      lines.add(text.substring(begin, keepEnds ? at : end));
      begin = at;
    }
    if (begin < value.length()) {
      lines.add(text.substring(begin));
    }
    return lines;
  }

  private static PyTuple partition(Text text, Args args) {
    String separator = separator(args.bind("partition", 1, "sep").text(0).value());
    int at = Search.indexOf(text.value(), separator, 0);
    return at < 0
        ? PyTuple.of(text, Text.EMPTY, Text.EMPTY)
        : parts(text, at, at + separator.length());
  }

  private static PyTuple rpartition(Text text, Args args) {
    String separator = separator(args.bind("rpartition", 1, "sep").text(0).value());
    int at = Search.lastIndexOf(text.value(), separator, text.length());
    return at < 0
        ? PyTuple.of(Text.EMPTY, Text.EMPTY, text)
        : parts(text, at, at + separator.length());
  }

  private static PyTuple parts(Text text, int from, int to) {
    return PyTuple.of(text.substring(0, from), text.substring(from, to), text.substring(to));
  }

  private static Text strip(Text text, Args args, String name, boolean left, boolean right) {
    Args.Bound bound = args.bind(name, 0, "chars");
    return strip(text, bound.some(0) == null ? null : bound.text(0), left, right);
  }

  /** Strips blank space, or the characters of another text. */
  static Text strip(Text text, @Nullable Text chars, boolean left, boolean right) {
    IntPredicate goes = chars == null ? Chars::isSpace : set(chars.value())::get;
    String value = text.value();
    int from = 0;
    int to = value.length();
    while (left && from < to && goes.test(value.codePointAt(from))) {
      from += Character.charCount(value.codePointAt(from));
    }
    while (right && to > from && goes.test(value.codePointBefore(to))) {
      to -= Character.charCount(value.codePointBefore(to));
    }
    return text.substring(from, to);
  }

  private static BitSet set(String chars) {
    BitSet set = new BitSet();
    chars.codePoints().forEach(set::set);
    return set;
  }

  private static Text removePrefix(Text text, Args args) {
    String prefix = args.bind("removeprefix", 1, "prefix").text(0).value();
    return text.value().startsWith(prefix) ? text.substring(prefix.length()) : text;
  }

  private static Text removeSuffix(Text text, Args args) {
    String suffix = args.bind("removesuffix", 1, "suffix").text(0).value();
    return text.value().endsWith(suffix)
        ? text.substring(0, text.length() - suffix.length())
        : text;
  }

  private static Text join(Context context, Text separator, Iterator<Object> items) {
    TextBuilder out = new TextBuilder(context);
    int index = 0;
    while (items.hasNext()) {
      Object item = items.next();
      if (!(item instanceof Text text)) {
        throw new TemplateError(
            "sequence item " + index + ": expected str, found " + Values.typeName(item));
      }
      if (index++ > 0) {
        out.append(separator);
      }
      out.append(text);
      context.step();
    }
    return out.toText();
  }
}
