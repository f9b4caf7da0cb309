package dev.qwq.chat.jinja;

import java.util.Map;

/**
 * Methods of str that fill up. What they fill with by themselves counts as the text itself does.
 */
final class PaddingMethods {
  private PaddingMethods() {}

  static void addTo(Map<String, StringMethods.Method> all) {
    all.put("center", (context, self, args) -> pad(context, self, args, "center"));
    all.put("ljust", (context, self, args) -> pad(context, self, args, "ljust"));
    all.put("rjust", (context, self, args) -> pad(context, self, args, "rjust"));
    all.put("zfill", PaddingMethods::zeroFill);
    all.put("expandtabs", PaddingMethods::expandTabs);
  }

  private static Text pad(Context context, Text text, Args args, String name) {
    Args.Bound bound = args.bind(name, 1, "width", "fillchar");
    Text fill = bound.has(1) ? bound.text(1) : Text.of(" ", text.isOwn());
    if (fill.size() != 1) {
      throw new TemplateError(name + "(): the fill character must be exactly one character long");
    }
    return switch (name) {
      case "ljust" -> fill(context, text, 0, bound.integer(0, 0), fill);
      case "rjust" -> fill(context, text, 1, bound.integer(0, 0), fill);
      default -> center(context, text, bound.integer(0, 0), fill);
    };
  }

  private static Text fill(Context context, Text text, int left, int width, Text fill) {
    long missing = Math.max(0, (long) width - text.size());
    return new TextBuilder(context)
        .repeat(fill, left * missing)
        .append(text)
        .repeat(fill, (1 - left) * missing)
        .toText();
  }

  static Text center(Context context, Text text, int width, Text fill) {
    long missing = Math.max(0, (long) width - text.size());
    // The odd one goes to the left if the width is odd.
    long left = missing / 2 + (missing & width & 1);
    return new TextBuilder(context)
        .repeat(fill, left)
        .append(text)
        .repeat(fill, missing - left)
        .toText();
  }

  private static Text zeroFill(Context context, Text text, Args args) {
    long missing = (long) args.bind("zfill", 1, "width").integer(0, 0) - text.size();
    boolean signed = text.value().startsWith("-") || text.value().startsWith("+");
    int sign = signed ? 1 : 0;
    return new TextBuilder(context)
        .append(text, 0, sign)
        .repeat(Text.of("0", text.isOwn()), missing)
        .append(text, sign, text.length())
        .toText();
  }

  private static Text expandTabs(Context context, Text text, Args args) {
    int tab = args.bind("expandtabs", 0, "tabsize").integer(0, 8);
    TextBuilder out = new TextBuilder(context);
    String value = text.value();
    int column = 0;
    int at = 0;
    while (at < value.length()) {
      int c = value.codePointAt(at);
      int next = at + Character.charCount(c);
      if (c == '\t') {
        int spaces = tab > 0 ? tab - column % tab : 0;
        out.repeat(Text.of(" ", text.ownAt(at)), spaces);
        column += spaces;
      } else {
        out.append(text, at, next);
        column = c == '\n' || c == '\r' ? 0 : column + 1;
      }
      at = next;
    }
    return out.toText();
  }
}
