package dev.qwq.grammar;

import java.util.List;

/**
 * JSON's punctuation with as much blank space as models like: after a colon one space or none;
 * after a comma, after an opening bracket and before a closing one a space, or a line break and its
 * indentation, or nothing. There is never more, so no reply is blank without end.
 */
final class JsonSyntax {
  /** Most spaces of an indentation. */
  static final int MAX_INDENT = 40;

  private static final String GAP = "( |\\n {0," + MAX_INDENT + "}|\\n\\t{1,10})?";
  private static final String COLON = ": ?";

  static final Terminal OPEN_OBJECT = shared("\\{" + GAP);
  static final Terminal CLOSE_OBJECT = shared(GAP + "\\}");
  // The gap is part of the opening.
  static final Terminal CLOSE_EMPTY_OBJECT = shared("\\}");
  static final Terminal OPEN_ARRAY = shared("\\[" + GAP);
  static final Terminal CLOSE_ARRAY = shared(GAP + "\\]");
  static final Terminal CLOSE_EMPTY_ARRAY = shared("\\]");
  static final Terminal COMMA = shared("," + GAP);
  static final Terminal AFTER_KEY = shared(COLON);

  /** Any string. */
  static final Terminal STRING = Terminal.shared(JsonStrings.spellings(TextLengths.ANY));

  static final Terminal NUMBER = Terminal.shared(Decimals.ANY);
  static final Terminal INTEGER = Terminal.shared(Integers.between(null, null, 1));
  static final Terminal BOOLEAN = shared("true|false");
  static final Terminal NULL = shared("null");

  /** Any string, number, boolean or null. */
  static final Terminal SCALAR =
      Terminal.shared(
          DfaOperations.union(
              STRING.dfa(),
              DfaOperations.union(NUMBER.dfa(), DfaOperations.union(BOOLEAN.dfa(), NULL.dfa()))));

  private JsonSyntax() {}

  private static Terminal shared(String pattern) {
    return Terminal.shared(RegexAutomaton.whole(pattern));
  }

  /** The key of a property with its colon, behind an opening brace or behind another property. */
  static Terminal key(String name, boolean behindProperty) {
    Regex before =
        behindProperty ? RegexParser.parse("," + GAP) : new Regex.Concatenation(List.of());
    Regex key =
        new Regex.Concatenation(
            List.of(before, Regexes.literal(JsonStrings.spelling(name)), RegexParser.parse(COLON)));
    return Terminal.of(RegexAutomaton.whole(key));
  }
}
