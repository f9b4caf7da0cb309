package dev.qwq.grammar;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads regular expressions: what ECMAScript (so JSON Schema) and Java have in common. Lazy
 * quantifiers match the same texts as greedy ones and are read as such. What would change the
 * language and is not supported is an error that names construct and place.
 */
final class RegexParser {
  /** Far above what patterns ask for; a larger count makes an automaton that nobody can hold. */
  private static final int MAX_COUNT = 10_000;

  private static final int MAX_DEPTH = 200;

  private final String pattern;
  private int at;
  private int depth;

  private RegexParser(String pattern) {
    this.pattern = pattern;
  }

  /**
   * Parses an expression.
   *
   * @throws QwqException with {@code INVALID_ARGUMENT} if it is malformed or not supported
   */
  static Regex parse(String pattern) {
    RegexParser parser = new RegexParser(pattern);
    Regex regex = parser.alternation();
    if (parser.at < pattern.length()) {
      throw parser.error("a closing parenthesis without an opening one", parser.at);
    }
    return regex;
  }

  private Regex alternation() {
    if (++depth > MAX_DEPTH) {
      throw error("more than " + MAX_DEPTH + " nested groups", at);
    }
    List<Regex> branches = new ArrayList<>();
    branches.add(concatenation());
    while (peek() == '|') {
      at++;
      branches.add(concatenation());
    }
    depth--;
    return branches.size() == 1 ? branches.getFirst() : new Regex.Alternation(branches);
  }

  private Regex concatenation() {
    List<Regex> parts = new ArrayList<>();
    while (at < pattern.length() && peek() != '|' && peek() != ')') {
      int start = at;
      Regex atom = atom();
      parts.add(quantified(atom, start));
    }
    return parts.size() == 1 ? parts.getFirst() : new Regex.Concatenation(parts);
  }

  private Regex atom() {
    int c = next();
    return switch (c) {
      case '(' -> group(at - 1);
      case '[' -> new Regex.Chars(new RegexClassParser(this).parse());
      case '.' -> new Regex.Chars(RegexClasses.DOT);
      case '^' -> new Regex.TextStart();
      case '$' -> new Regex.TextEnd();
      case '*', '+', '?' ->
          throw error(
              "a quantifier '" + Character.toString(c) + "' without anything before", at - 1);
      case '\\' -> new Regex.Chars(escape(at - 1, false));
      default -> new Regex.Chars(CodePoints.single(c));
    };
  }

  private Regex group(int start) {
    if (peek() == '?') {
      at++;
      int kind = next();
      if (kind == '<') {
        int c = peek();
        if (c == '=' || c == '!') {
          throw unsupported("look-behind", start);
        }
        int end = pattern.indexOf('>', at);
        if (end < 0) {
          throw error("a group name without its '>'", start);
        }
        at = end + 1;
      } else if (kind == '=' || kind == '!') {
        throw unsupported("look-ahead", start);
      } else if (kind == '>') {
        throw unsupported("an atomic group", start);
      } else if (kind != ':') {
        throw unsupported("an inline flag", start);
      }
    }
    Regex body = alternation();
    if (peek() != ')') {
      throw error("a group that is not closed", start);
    }
    at++;
    return body;
  }

  private Regex quantified(Regex atom, int start) {
    Regex result = atom;
    boolean counted = false;
    while (true) {
      int quantifier = at;
      int min;
      int max;
      switch (peek()) {
        case '*' -> {
          min = 0;
          max = Regex.UNBOUNDED;
          at++;
        }
        case '+' -> {
          min = 1;
          max = Regex.UNBOUNDED;
          at++;
        }
        case '?' -> {
          min = 0;
          max = 1;
          at++;
        }
        case '{' -> {
          int[] bounds = counts();
          if (bounds == null) {
            return result;
          }
          min = bounds[0];
          max = bounds[1];
        }
        default -> {
          return result;
        }
      }
      if (counted) {
        throw error("a quantifier after a quantifier", quantifier);
      }
      if (peek() == '+') {
        throw unsupported("a possessive quantifier", quantifier);
      }
      if (peek() == '?') {
        at++; // lazy: the same texts match
      }
      if (atom instanceof Regex.TextStart || atom instanceof Regex.TextEnd) {
        throw error("a quantifier of an anchor", start);
      }
      result = new Regex.Repetition(atom, min, max);
      counted = true;
    }
  }

  /** Reads {@code {n}}, {@code {n,}} or {@code {n,m}}; null if this brace is an ordinary one. */
  private int @Nullable [] counts() {
    int end = pattern.indexOf('}', at);
    String inside = end < 0 ? "" : pattern.substring(at + 1, end);
    if (!inside.matches("[0-9]+(,[0-9]*)?")) {
      throw error("a brace that is no count; write \\{ for the character", at);
    }
    int comma = inside.indexOf(',');
    int min = count(comma < 0 ? inside : inside.substring(0, comma));
    int max = min;
    if (comma >= 0) {
      String upper = inside.substring(comma + 1);
      max = upper.isEmpty() ? Regex.UNBOUNDED : count(upper);
    }
    if (max != Regex.UNBOUNDED && max < min) {
      throw error("a count whose maximum is below its minimum", at);
    }
    at = end + 1;
    return new int[] {min, max};
  }

  private int count(String digits) {
    if (digits.length() > 6 || Integer.parseInt(digits) > MAX_COUNT) {
      throw error("a count above " + MAX_COUNT, at);
    }
    return Integer.parseInt(digits);
  }

  /** Reads what follows a backslash. */
  CodePoints escape(int start, boolean negated) {
    int c = next();
    CodePoints named = RegexClasses.escape(c, negated);
    if (named != null) {
      return named;
    }
    return switch (c) {
      case 't' -> CodePoints.single('\t');
      case 'n' -> CodePoints.single('\n');
      case 'r' -> CodePoints.single('\r');
      case 'f' -> CodePoints.single('\f');
      case 'v' -> CodePoints.single(0x0B);
      case 'x' -> CodePoints.single(hex(2, start));
      case 'u' -> CodePoints.single(unicode(start));
      case 'c' -> CodePoints.single(control(start));
      case 'p', 'P' -> property(c == 'P', start);
      case 'b', 'B' -> throw unsupported("a word boundary", start);
      case 'k' -> throw unsupported("a back-reference", start);
      case '0' -> {
        if (peek() >= '0' && peek() <= '9') {
          throw unsupported("an octal escape", start);
        }
        yield CodePoints.single(0);
      }
      default -> {
        if (c >= '1' && c <= '9') {
          throw unsupported("a back-reference", start);
        }
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
          throw unsupported("the escape \\" + Character.toString(c), start);
        }
        yield CodePoints.single(c);
      }
    };
  }

  private int hex(int digits, int start) {
    if (at + digits > pattern.length()
        || !pattern.substring(at, at + digits).matches("[0-9a-fA-F]+")) {
      throw error("an escape without its " + digits + " hexadecimal digits", start);
    }
    int value = Integer.parseInt(pattern, at, at + digits, 16);
    at += digits;
    return value;
  }

  private int unicode(int start) {
    int value;
    if (peek() == '{') {
      int end = pattern.indexOf('}', at);
      if (end < 0 || !pattern.substring(at + 1, end).matches("[0-9a-fA-F]{1,6}")) {
        throw error("an escape \\u{…} without hexadecimal digits", start);
      }
      value = Integer.parseInt(pattern, at + 1, end, 16);
      at = end + 1;
    } else {
      value = hex(4, start);
      if (Character.isHighSurrogate((char) value) && pattern.startsWith("\\u", at)) {
        at += 2;
        value = Character.toCodePoint((char) value, (char) hex(4, start));
      }
    }
    if (!CodePoints.ALL.contains(value)) {
      throw error("an escape of what is no character", start);
    }
    return value;
  }

  private int control(int start) {
    int letter = at < pattern.length() ? next() : -1;
    if (!Character.isLetter(letter) || letter > 'z') {
      throw error("an escape \\c without a letter", start);
    }
    return letter % 32;
  }

  private CodePoints property(boolean negated, int start) {
    String name;
    if (peek() == '{') {
      int end = pattern.indexOf('}', at);
      if (end < 0) {
        throw error("a property without its '}'", start);
      }
      name = pattern.substring(at + 1, end);
      at = end + 1;
    } else if (at < pattern.length()) {
      name = Character.toString(next());
    } else {
      name = "";
    }
    CodePoints set = RegexClasses.property(name);
    if (set == null) {
      throw unsupported("the property \"" + name + "\"", start);
    }
    return negated ? set.complement() : set;
  }

  int peek() {
    return at < pattern.length() ? pattern.codePointAt(at) : -1;
  }

  int next() {
    if (at >= pattern.length()) {
      throw error("an end where something must follow", at);
    }
    int c = pattern.codePointAt(at);
    at += Character.charCount(c);
    return c;
  }

  int at() {
    return at;
  }

  boolean follows(String text) {
    return pattern.startsWith(text, at);
  }

  QwqException unsupported(String construct, int position) {
    return error(construct + ", which is not supported,", position);
  }

  QwqException error(String what, int position) {
    return new QwqException(
        ErrorCode.INVALID_ARGUMENT,
        "regular expression \"" + pattern + "\": found " + what + " at position " + position);
  }
}
