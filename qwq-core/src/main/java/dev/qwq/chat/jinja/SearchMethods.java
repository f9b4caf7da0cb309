package dev.qwq.chat.jinja;

import java.util.List;
import java.util.Map;

/** Methods of str that look for other strings. */
final class SearchMethods {
  private SearchMethods() {}

  static void addTo(Map<String, StringMethods.Method> all) {
    all.put("find", (context, self, args) -> find(self, args, "find", false));
    all.put("rfind", (context, self, args) -> find(self, args, "rfind", true));
    all.put("index", (context, self, args) -> found(find(self, args, "index", false)));
    all.put("rindex", (context, self, args) -> found(find(self, args, "rindex", true)));
    all.put("count", SearchMethods::count);
    all.put("startswith", (context, self, args) -> affix(self, args, "startswith", true));
    all.put("endswith", (context, self, args) -> affix(self, args, "endswith", false));
    all.put(
        "replace",
        (context, self, args) -> {
          Args.Bound bound = args.bind("replace", 2, "old", "new", "count");
          return replace(context, self, bound.text(0), bound.text(1), bound.integer(2, -1));
        });
  }

  /** The part of a text a method looks at: positions, and whether there is such a part. */
  private record Window(int from, int to, boolean exists) {
    static Window of(Text text, Args.Bound bound) {
      int size = text.size();
      int start = bound.some(1) == null ? 0 : bound.integer(1, 0);
      int end = bound.some(2) == null ? size : bound.integer(2, 0);
      start = start < 0 ? Math.max(0, start + size) : start;
      end = end < 0 ? Math.max(0, end + size) : Math.min(end, size);
      boolean exists = start <= end;
      return exists
          ? new Window(text.position(start), text.position(end), true)
          : new Window(0, 0, false);
    }
  }

  private static long find(Text text, Args args, String name, boolean last) {
    Args.Bound bound = args.bind(name, 1, "sub", "start", "end");
    String wanted = bound.text(0).value();
    Window window = Window.of(text, bound);
    if (!window.exists) {
      return -1;
    }
    int at =
        last
            ? Search.lastIndexOf(text.value(), wanted, window.to)
            : Search.indexOf(text.value(), wanted, window.from);
    boolean inside = at >= window.from && at + wanted.length() <= window.to;
    return inside ? text.index(at) : -1;
  }

  private static long found(long index) {
    if (index < 0) {
      throw new TemplateError("substring not found");
    }
    return index;
  }

  private static Object count(Context context, Text text, Args args) {
    Args.Bound bound = args.bind("count", 1, "sub", "start", "end");
    String wanted = bound.text(0).value();
    Window window = Window.of(text, bound);
    if (!window.exists) {
      return 0L;
    }
    if (wanted.isEmpty()) {
      return text.value().codePointCount(window.from, window.to) + 1L;
    }
    long count = 0;
    int at = Search.indexOf(text.value(), wanted, window.from);
    while (at >= 0 && at + wanted.length() <= window.to) {
      context.step();
      count++;
      at = Search.indexOf(text.value(), wanted, at + wanted.length());
    }
    return count;
  }

  private static boolean affix(Text text, Args args, String name, boolean prefix) {
    Args.Bound bound = args.bind(name, 1, prefix ? "prefix" : "suffix", "start", "end");
    Window window = Window.of(text, bound);
    List<Object> choices =
        bound.get(0) instanceof PyTuple tuple ? tuple.items() : List.of(bound.text(0));
    for (Object choice : choices) {
      if (!(choice instanceof Text wanted)) {
        throw new TemplateError(name + "(): expected str, found " + Values.typeName(choice));
      }
      int at = prefix ? window.from : window.to - wanted.length();
      if (window.exists
          && at >= window.from
          && at + wanted.length() <= window.to
          && text.value().startsWith(wanted.value(), at)) {
        return true;
      }
    }
    return false;
  }

  /** Replaces the first {@code count} places, all if that is negative. */
  static Text replace(Context context, Text text, Text old, Text replacement, int count) {
    TextBuilder out = new TextBuilder(context);
    String value = text.value();
    int left = count < 0 ? Integer.MAX_VALUE : count;
    int done = 0;
    if (old.isEmpty()) {
      while (left-- > 0) {
        context.step();
        out.append(replacement);
        if (done == value.length()) {
          break;
        }
        int next = done + Character.charCount(value.codePointAt(done));
        out.append(text, done, next);
        done = next;
      }
    } else {
      while (left-- > 0) {
        int at = Search.indexOf(value, old.value(), done);
        if (at < 0) {
          break;
        }
        context.step();
        out.append(text, done, at).append(replacement);
        done = at + old.length();
      }
    }
    return out.append(text, done, value.length()).toText();
  }
}
