package dev.qwq.chat.jinja;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Cuts a template into tokens. Blank space around tags goes as {@code trim_blocks} (a line feed
 * after a block or comment), {@code lstrip_blocks} (blanks before one that begins its line) and the
 * signs {@code -} and {@code +} say.
 */
final class Lexer {
  private static final String[] LONG_OPERATORS = {"//", "**", "==", "!=", ">=", "<="};
  private static final String SHORT_OPERATORS = "+-/*%~[](){}><=.:|,;";

  private final String text;
  private final List<Token> tokens = new ArrayList<>();
  private int at;

  Lexer(Source source) {
    text = source.text();
  }

  List<Token> lex() {
    while (at < text.length()) {
      int tag = findTag(at);
      if (tag < 0) {
        addData(at, text.length());
        break;
      }
      lexTag(tag);
    }
    add(Token.Kind.END, "", text.length());
    return tokens;
  }

  private int findTag(int from) {
    int tag = text.indexOf('{', from);
    while (tag >= 0 && tag + 1 < text.length()) {
      char c = text.charAt(tag + 1);
      if (c == '%' || c == '{' || c == '#') {
        return tag;
      }
      tag = text.indexOf('{', tag + 1);
    }
    return -1;
  }

  private void lexTag(int tag) {
    char kind = text.charAt(tag + 1);
    int inside = tag + 2;
    char sign = signAt(inside);
    addData(at, endOfData(at, tag, sign, kind != '{'));
    if (sign != 0) {
      inside++;
    }
    at = inside;
    switch (kind) {
      case '#' -> skipComment(tag);
      case '{' -> {
        add(Token.Kind.VARIABLE_BEGIN, "", tag);
        lexExpression(tag, false);
      }
      default -> {
        int body = afterRaw(inside);
        if (body >= 0) {
          lexRaw(tag, body);
        } else {
          add(Token.Kind.BLOCK_BEGIN, "", tag);
          lexExpression(tag, true);
        }
      }
    }
  }

  private char signAt(int position) {
    char c = position < text.length() ? text.charAt(position) : 0;
    return c == '-' || c == '+' ? c : 0;
  }

  /** Where the text before a tag ends, blank space taken away. */
  private int endOfData(int from, int tag, char sign, boolean stripLine) {
    if (sign == '-') {
      return Chars.skipSpaceBack(text, from, tag);
    }
    if (sign == '+' || !stripLine) {
      return tag;
    }
    // Not beyond this text: templates of one line with many tags are common.
    int line = tag;
    while (line > from && text.charAt(line - 1) != '\n') {
      line--;
    }
    boolean atLineStart = line == 0 || text.charAt(line - 1) == '\n';
    return atLineStart && Chars.skipSpaceBack(text, line, tag) == line ? line : tag;
  }

  private void addData(int from, int to) {
    if (from < to) {
      add(Token.Kind.DATA, text.substring(from, to), from);
    }
  }

  private void skipComment(int tag) {
    int end = text.indexOf("#}", at);
    if (end < 0) {
      throw new TemplateError("expected '#}' to end this comment, found none", tag);
    }
    char sign = end > at ? signAt(end - 1) : 0;
    at = afterBlock(end + 2, sign);
  }

  private int afterBlock(int end, char sign) {
    if (sign == '-') {
      return Chars.skipSpace(text, end);
    }
    return sign == 0 && end < text.length() && text.charAt(end) == '\n' ? end + 1 : end;
  }

  /** The position after {@code raw %}}, or -1 if this is another block. */
  private int afterRaw(int inside) {
    int word = Chars.skipSpace(text, inside);
    if (!text.startsWith("raw", word)) {
      return -1;
    }
    int end = Chars.skipSpace(text, word + 3);
    if (text.startsWith("-%}", end)) {
      return Chars.skipSpace(text, end + 3);
    }
    return text.startsWith("%}", end) ? end + 2 : -1;
  }

  private void lexRaw(int tag, int body) {
    for (int end = text.indexOf("{%", body); end >= 0; end = text.indexOf("{%", end + 1)) {
      char sign = signAt(end + 2);
      int word = Chars.skipSpace(text, end + (sign == 0 ? 2 : 3));
      if (!text.startsWith("endraw", word)) {
        continue;
      }
      int close = Chars.skipSpace(text, word + 6);
      char closeSign = signAt(close);
      if (closeSign != 0) {
        close++;
      }
      if (text.startsWith("%}", close)) {
        addData(body, endOfData(body, end, sign, true));
        at = afterBlock(close + 2, closeSign);
        return;
      }
    }
    throw new TemplateError("expected '{% endraw %}' to end this raw block, found none", tag);
  }

  private void lexExpression(int tag, boolean block) {
    Deque<Character> open = new ArrayDeque<>();
    String end = block ? "%}" : "}}";
    while (true) {
      at = Chars.skipSpace(text, at);
      if (at >= text.length()) {
        throw new TemplateError(
            "expected '" + end + "' to end this tag, found the end of the template", tag);
      }
      char sign = signAt(at);
      if (open.isEmpty()
          && text.startsWith(end, sign == '-' || sign == '+' && block ? at + 1 : at)) {
        add(block ? Token.Kind.BLOCK_END : Token.Kind.VARIABLE_END, end, at);
        at += sign == 0 ? 2 : 3;
        if (block) {
          at = afterBlock(at, sign);
        } else if (sign == '-') {
          at = Chars.skipSpace(text, at);
        }
        return;
      }
      int c = text.codePointAt(at);
      if (c >= '0' && c <= '9') {
        NumberLiteral number = NumberLiteral.read(text, at);
        tokens.add(
            new Token(Token.Kind.NUMBER, text.substring(at, number.end()), number.value(), at));
        at = number.end();
      } else if (Chars.isNameStart(c)) {
        lexName();
      } else if (c == '\'' || c == '"') {
        StringLiteral string = StringLiteral.read(text, at);
        add(Token.Kind.STRING, string.value(), at);
        at = string.end();
      } else {
        lexOperator(open);
      }
    }
  }

  private void lexName() {
    int end = at;
    while (end < text.length() && Chars.isNamePart(text.codePointAt(end))) {
      end += Character.charCount(text.codePointAt(end));
    }
    add(Token.Kind.NAME, text.substring(at, end), at);
    at = end;
  }

  private void lexOperator(Deque<Character> open) {
    for (String operator : LONG_OPERATORS) {
      if (text.startsWith(operator, at)) {
        add(Token.Kind.OPERATOR, operator, at);
        at += 2;
        return;
      }
    }
    char c = text.charAt(at);
    if (SHORT_OPERATORS.indexOf(c) < 0) {
      throw new TemplateError(
          "expected an expression or the end of the tag, found character '"
              + Character.toString(text.codePointAt(at))
              + "'",
          at);
    }
    switch (c) {
      case '(' -> open.push(')');
      case '[' -> open.push(']');
      case '{' -> open.push('}');
      case ')', ']', '}' -> {
        if (open.isEmpty()) {
          throw new TemplateError("found '" + c + "' without its opening bracket", at);
        }
        if (open.peek() != c) {
          throw new TemplateError("expected '" + open.peek() + "', found '" + c + "'", at);
        }
        open.pop();
      }
      default -> {}
    }
    add(Token.Kind.OPERATOR, String.valueOf(c), at);
    at++;
  }

  private void add(Token.Kind kind, String content, int position) {
    tokens.add(new Token(kind, content, content, position));
  }
}
