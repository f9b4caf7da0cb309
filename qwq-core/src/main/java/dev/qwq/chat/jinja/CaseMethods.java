package dev.qwq.chat.jinja;

import java.util.Locale;
import java.util.Map;
import java.util.function.IntPredicate;

/** Methods of str about letters and classes of characters. */
final class CaseMethods {
  /** A method without arguments. */
  @FunctionalInterface
  private interface Simple {
    Object call(Context context, Text self);
  }

  private CaseMethods() {}

  static void addTo(Map<String, StringMethods.Method> all) {
    put(all, "lower", (context, self) -> self.lower());
    put(all, "upper", (context, self) -> self.upper());
    put(all, "casefold", (context, self) -> self.map(CaseMethods::fold));
    put(all, "swapcase", (context, self) -> self.map(CaseMethods::swap));
    put(all, "capitalize", (context, self) -> capitalize(context, self));
    put(all, "title", (context, self) -> title(context, self));
    put(all, "islower", (context, self) -> isLower(self.value()));
    put(all, "isupper", (context, self) -> isUpper(self.value()));
    put(all, "istitle", (context, self) -> isTitle(self.value()));
    put(all, "isalpha", (context, self) -> all(self, Character::isLetter));
    put(all, "isdecimal", (context, self) -> all(self, Character::isDigit));
    put(all, "isdigit", (context, self) -> all(self, Chars::isDigit));
    put(all, "isnumeric", (context, self) -> all(self, Chars::isNumeric));
    put(
        all,
        "isalnum",
        (context, self) -> all(self, c -> Character.isLetter(c) || Chars.isNumeric(c)));
    put(all, "isspace", (context, self) -> all(self, Chars::isSpace));
    put(all, "isascii", (context, self) -> self.value().chars().allMatch(c -> c < 128));
    put(
        all,
        "isprintable",
        (context, self) -> self.value().codePoints().allMatch(Chars::isPrintable));
    put(
        all,
        "isidentifier",
        (context, self) ->
            !self.isEmpty()
                && Chars.isNameStart(self.value().codePointAt(0))
                && self.value().codePoints().allMatch(Chars::isNamePart));
  }

  private static void put(Map<String, StringMethods.Method> all, String name, Simple method) {
    all.put(
        name,
        (context, self, args) -> {
          args.bind(name, 0);
          return method.call(context, self);
        });
  }

  private static boolean all(Text text, IntPredicate predicate) {
    return !text.isEmpty() && text.value().codePoints().allMatch(predicate);
  }

  private static String fold(String text) {
    // Full case folding: through upper case, which spells ligatures and sharp s out.
    StringBuilder folded = new StringBuilder(text.length());
    text.codePoints()
        .forEach(
            c ->
                folded.append(
                    c < 0x80
                        ? Character.toString(Character.toLowerCase(c))
                        : Character.toString(c).toUpperCase(Locale.ROOT).toLowerCase(Locale.ROOT)));
    return folded.toString();
  }

  private static String swap(String text) {
    StringBuilder swapped = new StringBuilder(text.length());
    text.codePoints()
        .forEach(
            c -> {
              String one = Character.toString(c);
              swapped.append(
                  Character.isUpperCase(c)
                      ? one.toLowerCase(Locale.ROOT)
                      : Character.isLowerCase(c) ? one.toUpperCase(Locale.ROOT) : one);
            });
    return swapped.toString();
  }

  /** One character in title case, which may be two or three. */
  private static String titleCase(int c) {
    String upper = Character.toString(c).toUpperCase(Locale.ROOT);
    if (upper.codePointCount(0, upper.length()) == 1) {
      return Character.toString(Character.toTitleCase(c));
    }
    int first = Character.charCount(upper.codePointAt(0));
    return upper.substring(0, first) + upper.substring(first).toLowerCase(Locale.ROOT);
  }

  static Text capitalize(Context context, Text text) {
    if (text.isEmpty()) {
      return text;
    }
    int first = Character.charCount(text.value().codePointAt(0));
    // The whole text in lower case, for a sigma looks at its neighbours.
    Text lower = text.lower();
    int firstLower = text.substring(0, first).lower().length();
    return new TextBuilder(context)
        .append(titleCase(text.value().codePointAt(0)), text.ownAt(0))
        .append(lower, firstLower, lower.length())
        .toText();
  }

  private static Text title(Context context, Text text) {
    TextBuilder out = new TextBuilder(context);
    String value = text.value();
    boolean inWord = false;
    int at = 0;
    while (at < value.length()) {
      int c = value.codePointAt(at);
      int next = at + Character.charCount(c);
      String mapped = inWord ? lowerInWord(value, c, next) : titleCase(c);
      out.append(mapped, text.ownAt(at));
      inWord = Chars.isCased(c);
      at = next;
    }
    return out.toText();
  }

  private static String lowerInWord(String value, int c, int next) {
    if (c == '\u03A3') {
      boolean last = next >= value.length() || !Chars.isCased(value.codePointAt(next));
      return last ? "\u03C2" : "\u03C3";
    }
    return Character.toString(c).toLowerCase(Locale.ROOT);
  }

  static boolean isLower(String text) {
    return text.codePoints().anyMatch(Character::isLowerCase)
        && text.codePoints().noneMatch(c -> Character.isUpperCase(c) || Character.isTitleCase(c));
  }

  static boolean isUpper(String text) {
    return text.codePoints().anyMatch(Character::isUpperCase)
        && text.codePoints().noneMatch(c -> Character.isLowerCase(c) || Character.isTitleCase(c));
  }

  private static boolean isTitle(String text) {
    boolean inWord = false;
    boolean any = false;
    for (int c : text.codePoints().toArray()) {
      if (Character.isUpperCase(c) || Character.isTitleCase(c)) {
        if (inWord) {
          return false;
        }
        any = true;
        inWord = true;
      } else if (Character.isLowerCase(c)) {
        if (!inWord) {
          return false;
        }
        any = true;
      } else {
        inWord = false;
      }
    }
    return any;
  }
}
