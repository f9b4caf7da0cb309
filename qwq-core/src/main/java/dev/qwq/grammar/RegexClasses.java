package dev.qwq.grammar;

import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Named classes of characters. Where dialects disagree, what is written is what all of them accept:
 * {@code \s} is the ASCII space that Java means, {@code \S} none of the spaces of ECMAScript.
 */
final class RegexClasses {
  static final CodePoints DIGIT = CodePoints.of('0', '9');
  static final CodePoints WORD = CodePoints.of('a', 'z', 'A', 'Z', '0', '9', '_', '_');
  static final CodePoints SPACE = CodePoints.ofChars(" \t\n\u000B\f\r");
  private static final CodePoints LINE_ENDS = CodePoints.ofChars("\n\r\u0085\u2028\u2029");
  private static final CodePoints WIDE_SPACE =
      SPACE.union(
          CodePoints.of(
              0xA0, 0xA0, 0x85, 0x85, 0x1680, 0x1680, 0x2000, 0x200A, 0x2028, 0x2029, 0x202F,
              0x202F, 0x205F, 0x205F, 0x3000, 0x3000, 0xFEFF, 0xFEFF));

  /** What a dot matches. */
  static final CodePoints DOT = LINE_ENDS.complement();

  // Working one out looks at every code point.
  private static final Map<String, CodePoints> PROPERTIES = new ConcurrentHashMap<>();

  private RegexClasses() {}

  /**
   * Returns what {@code \d \w \s \D \W \S} match.
   *
   * @param negated whether the class stands inside {@code [^…]}
   */
  static @Nullable CodePoints escape(int letter, boolean negated) {
    return switch (letter) {
      case 'd' -> DIGIT;
      case 'D' -> DIGIT.complement();
      case 'w' -> WORD;
      case 'W' -> WORD.complement();
      case 's' -> negated ? WIDE_SPACE : SPACE;
      case 'S' -> (negated ? SPACE : WIDE_SPACE).complement();
      default -> null;
    };
  }

  /** Returns what {@code \p{name}} matches, or null if there is no such property here. */
  static @Nullable CodePoints property(String name) {
    CodePoints known = PROPERTIES.get(name);
    if (known == null) {
      known = find(name);
      if (known != null) {
        PROPERTIES.put(name, known);
      }
    }
    return known;
  }

  private static @Nullable CodePoints find(String name) {
    int equals = name.indexOf('=');
    if (equals >= 0) {
      String value = name.substring(equals + 1);
      return switch (name.substring(0, equals)) {
        case "Script", "sc", "Script_Extensions", "scx" -> script(value);
        case "General_Category", "gc" -> category(value);
        default -> null;
      };
    }
    CodePoints found =
        switch (name) {
          case "Any" -> CodePoints.ALL;
          case "ASCII" -> CodePoints.of(0, 0x7F);
          case "Alphabetic", "Alpha", "IsAlphabetic" -> CodePoints.where(Character::isAlphabetic);
          case "Uppercase", "Upper", "IsUppercase" -> CodePoints.where(Character::isUpperCase);
          case "Lowercase", "Lower", "IsLowercase" -> CodePoints.where(Character::isLowerCase);
          case "Ideographic", "IsIdeographic" -> CodePoints.where(Character::isIdeographic);
          case "White_Space", "IsWhite_Space" -> WIDE_SPACE.minus(CodePoints.single(0xFEFF));
          default -> category(name);
        };
    return found == null && name.startsWith("Is") ? script(name.substring(2)) : found;
  }

  private static @Nullable CodePoints script(String name) {
    try {
      Character.UnicodeScript script = Character.UnicodeScript.forName(name);
      return CodePoints.where(c -> Character.UnicodeScript.of(c) == script);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  private static @Nullable CodePoints category(String name) {
    String letters = longNames().getOrDefault(name.toLowerCase(Locale.ROOT), name);
    int types = 0;
    for (Map.Entry<String, Byte> entry : CATEGORIES.entrySet()) {
      String code = entry.getKey();
      boolean cased =
          letters.equals("LC") && (code.equals("Lu") || code.equals("Ll") || code.equals("Lt"));
      if (code.equals(letters) || cased || (letters.length() == 1 && code.startsWith(letters))) {
        types |= 1 << entry.getValue();
      }
    }
    int wanted = types;
    return wanted == 0 ? null : CodePoints.where(c -> (wanted >> Character.getType(c) & 1) != 0);
  }

  private static Map<String, String> longNames() {
    return Map.ofEntries(
        Map.entry("letter", "L"),
        Map.entry("cased_letter", "LC"),
        Map.entry("uppercase_letter", "Lu"),
        Map.entry("lowercase_letter", "Ll"),
        Map.entry("mark", "M"),
        Map.entry("number", "N"),
        Map.entry("decimal_number", "Nd"),
        Map.entry("punctuation", "P"),
        Map.entry("symbol", "S"),
        Map.entry("separator", "Z"),
        Map.entry("other", "C"));
  }

  private static final Map<String, Byte> CATEGORIES =
      Map.ofEntries(
          Map.entry("Lu", Character.UPPERCASE_LETTER),
          Map.entry("Ll", Character.LOWERCASE_LETTER),
          Map.entry("Lt", Character.TITLECASE_LETTER),
          Map.entry("Lm", Character.MODIFIER_LETTER),
          Map.entry("Lo", Character.OTHER_LETTER),
          Map.entry("Mn", Character.NON_SPACING_MARK),
          Map.entry("Me", Character.ENCLOSING_MARK),
          Map.entry("Mc", Character.COMBINING_SPACING_MARK),
          Map.entry("Nd", Character.DECIMAL_DIGIT_NUMBER),
          Map.entry("Nl", Character.LETTER_NUMBER),
          Map.entry("No", Character.OTHER_NUMBER),
          Map.entry("Zs", Character.SPACE_SEPARATOR),
          Map.entry("Zl", Character.LINE_SEPARATOR),
          Map.entry("Zp", Character.PARAGRAPH_SEPARATOR),
          Map.entry("Cc", Character.CONTROL),
          Map.entry("Cf", Character.FORMAT),
          Map.entry("Co", Character.PRIVATE_USE),
          Map.entry("Cn", Character.UNASSIGNED),
          Map.entry("Pd", Character.DASH_PUNCTUATION),
          Map.entry("Ps", Character.START_PUNCTUATION),
          Map.entry("Pe", Character.END_PUNCTUATION),
          Map.entry("Pc", Character.CONNECTOR_PUNCTUATION),
          Map.entry("Po", Character.OTHER_PUNCTUATION),
          Map.entry("Pi", Character.INITIAL_QUOTE_PUNCTUATION),
          Map.entry("Pf", Character.FINAL_QUOTE_PUNCTUATION),
          Map.entry("Sm", Character.MATH_SYMBOL),
          Map.entry("Sc", Character.CURRENCY_SYMBOL),
          Map.entry("Sk", Character.MODIFIER_SYMBOL),
          Map.entry("So", Character.OTHER_SYMBOL));
}
