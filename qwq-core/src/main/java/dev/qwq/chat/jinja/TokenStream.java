package dev.qwq.chat.jinja;

import java.util.List;

/** Tokens under a reading head, and the checks every parsing method makes. */
final class TokenStream {
  // Every level costs the parser several frames, and the interpreter again.
  private static final int MAX_DEPTH = 150;

  private final List<Token> tokens;
  private int at;
  private int depth;

  TokenStream(List<Token> tokens) {
    this.tokens = tokens;
  }

  Token current() {
    return tokens.get(at);
  }

  Token ahead() {
    return tokens.get(Math.min(at + 1, tokens.size() - 1));
  }

  Token next() {
    Token token = tokens.get(at);
    if (at + 1 < tokens.size()) {
      at++;
    }
    return token;
  }

  boolean skipName(String name) {
    return skipIf(current().isName(name));
  }

  boolean skipOperator(String operator) {
    return skipIf(current().isOperator(operator));
  }

  private boolean skipIf(boolean condition) {
    if (condition) {
      next();
    }
    return condition;
  }

  Token expect(Token.Kind kind) {
    if (!current().is(kind)) {
      throw unexpected(kind.description);
    }
    return next();
  }

  void expectName(String name) {
    if (!skipName(name)) {
      throw unexpected("'" + name + "'");
    }
  }

  void expectOperator(String operator) {
    if (!skipOperator(operator)) {
      throw unexpected("'" + operator + "'");
    }
  }

  TemplateError unexpected(String expected) {
    return new TemplateError(
        "expected " + expected + ", found " + current().describe(), current().at());
  }

  void enter() {
    if (++depth > MAX_DEPTH) {
      throw new TemplateError("nested more than " + MAX_DEPTH + " levels deep", current().at());
    }
  }

  void leave() {
    depth--;
  }
}
