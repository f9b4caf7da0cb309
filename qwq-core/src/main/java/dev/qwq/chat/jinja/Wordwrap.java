package dev.qwq.chat.jinja;

import java.util.ArrayList;
import java.util.List;

/** The filter {@code wordwrap}: Python's textwrap for every line. */
final class Wordwrap {
  private final Context context;
  private final int width;
  private final boolean breakLong;
  private final boolean breakHyphens;

  private Wordwrap(Context context, int width, boolean breakLong, boolean breakHyphens) {
    this.context = context;
    this.width = width;
    this.breakLong = breakLong;
    this.breakHyphens = breakHyphens;
  }

  static Object apply(Context context, Object value, Args args) {
    Args.Bound bound =
        args.bind("wordwrap", 0, "width", "break_long_words", "wrapstring", "break_on_hyphens");
    Text text = TextFilters.require("wordwrap", value);
    int width = bound.integer(0, 79);
    if (width <= 0) {
      throw new TemplateError("invalid width " + width + " (must be > 0)");
    }
    Text wrap = bound.some(2) == null ? Text.of("\n", text.isOwn()) : bound.text(2);
    Wordwrap wordwrap =
        new Wordwrap(
            context, width, !bound.has(1) || bound.flag(1), !bound.has(3) || bound.flag(3));
    TextBuilder out = new TextBuilder(context);
    boolean later = false;
    for (Object line : SplitMethods.lines(text, false)) {
      if (later) {
        out.append(wrap);
      }
      later = true;
      wordwrap.wrap((Text) line, wrap, out);
    }
    return out.toText();
  }

  private void wrap(Text line, Text wrap, TextBuilder out) {
    List<Text> chunks = chunks(line);
    boolean laterLine = false;
    int at = 0;
    while (at < chunks.size()) {
      context.step();
      if (laterLine && isBlank(chunks.get(at))) {
        at++;
        if (at == chunks.size()) {
          break;
        }
      }
      List<Text> taken = new ArrayList<>();
      int length = 0;
      while (at < chunks.size() && length + chunks.get(at).size() <= width) {
        length += chunks.get(at).size();
        taken.add(chunks.get(at++));
      }
      if (at < chunks.size() && chunks.get(at).size() > width) {
        at = takeLong(chunks, at, taken, width - length);
      }
      if (!taken.isEmpty() && isBlank(taken.getLast())) {
        taken.removeLast();
      }
      if (taken.isEmpty()) {
        continue;
      }
      if (laterLine) {
        out.append(wrap);
      }
      laterLine = true;
      taken.forEach(out::append);
    }
  }

  /** Takes what fits of a chunk that is longer than a line; returns where to go on. */
  private int takeLong(List<Text> chunks, int at, List<Text> taken, int room) {
    Text chunk = chunks.get(at);
    if (breakLong) {
      int end = room;
      if (breakHyphens && chunk.size() > end) {
        int hyphen = chunk.value().lastIndexOf('-', chunk.position(end) - 1);
        int before = hyphen < 0 ? 0 : chunk.index(hyphen);
        boolean word =
            before > 0 && chunk.value().substring(0, hyphen).chars().anyMatch(c -> c != '-');
        end = word ? before + 1 : end;
      }
      taken.add(chunk.substring(0, chunk.position(end)));
      chunks.set(at, chunk.substring(chunk.position(end)));
      return at;
    }
    if (taken.isEmpty()) {
      taken.add(chunk);
      return at + 1;
    }
    return at;
  }

  private static boolean isBlank(Text text) {
    return text.value().chars().allMatch(Wordwrap::isBlank);
  }

  // textwrap knows the blanks of ASCII only.
  private static boolean isBlank(int c) {
    return c == ' ' || c >= 9 && c <= 13;
  }

  private List<Text> chunks(Text line) {
    String value = line.value();
    List<Text> chunks = new ArrayList<>();
    int begin = 0;
    for (int at = 1; at <= value.length(); at++) {
      boolean cut =
          at == value.length()
              || isBlank(value.charAt(at)) != isBlank(value.charAt(at - 1))
              || breakHyphens && isAfterHyphen(value, begin, at)
              || breakHyphens && isDash(value, at);
      if (cut) {
        chunks.add(line.substring(begin, at));
        begin = at;
      }
    }
    return chunks;
  }

  /** After a hyphen between letters: {@code well-|known}. */
  private static boolean isAfterHyphen(String value, int begin, int at) {
    return value.charAt(at - 1) == '-'
        && at - begin >= 3
        && Character.isLetter(value.charAt(at - 2))
        && isWordCharacter(value.charAt(at - 3))
        && at + 1 < value.length()
        && Character.isLetter(value.charAt(at))
        && (Character.isLetter(value.charAt(at + 1))
            || value.charAt(at + 1) == '-' && hasLetter(value, at + 2));
  }

  private static boolean hasLetter(String value, int at) {
    return at < value.length() && Character.isLetter(value.charAt(at));
  }

  private static boolean isWordCharacter(char c) {
    return Chars.isWord(c) || "!\"'&.,?".indexOf(c) >= 0;
  }

  /** Around a dash of two or more hyphens between words. */
  private static boolean isDash(String value, int at) {
    char before = value.charAt(at - 1);
    char after = value.charAt(at);
    if (before != '-' && after == '-') {
      int end = at;
      while (end < value.length() && value.charAt(end) == '-') {
        end++;
      }
      return end - at >= 2
          && end < value.length()
          && Chars.isWord(value.charAt(end))
          && isWordCharacter(before);
    }
    return before == '-'
        && after != '-'
        && at >= 3
        && value.charAt(at - 2) == '-'
        && Chars.isWord(after);
  }
}
