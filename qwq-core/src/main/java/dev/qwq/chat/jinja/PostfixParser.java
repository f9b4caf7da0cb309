package dev.qwq.chat.jinja;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Parses what follows an expression: attributes, items, calls, filters, tests. */
final class PostfixParser {
  private final TokenStream stream;
  private final ExpressionParser expressions;

  PostfixParser(TokenStream stream, ExpressionParser expressions) {
    this.stream = stream;
    this.expressions = expressions;
  }

  Expr parse(Expr start) {
    Expr expr = start;
    while (true) {
      Token token = stream.current();
      if (token.isOperator(".")) {
        expr = parseAttribute(expr);
      } else if (token.isOperator("[")) {
        expr = parseItem(expr);
      } else if (token.isOperator("(")) {
        expr = new Expr.Call(token.at(), expr, parseArguments());
      } else {
        return expr;
      }
    }
  }

  Expr parseFilters(Expr start) {
    Expr expr = start;
    while (true) {
      Token token = stream.current();
      if (token.isOperator("|")) {
        stream.next();
        expr = parseFilter(expr);
      } else if (token.isName("is")) {
        expr = parseTest(expr);
      } else if (token.isOperator("(")) {
        expr = new Expr.Call(token.at(), expr, parseArguments());
      } else {
        return expr;
      }
    }
  }

  /** Filters without an input; {@code first} if one stands here without a bar. */
  Expr.@Nullable Filter parseBlockFilters(boolean first) {
    Expr.Filter filter = first ? parseFilter(null) : null;
    while (stream.skipOperator("|")) {
      filter = parseFilter(filter);
    }
    return filter;
  }

  private Expr parseAttribute(Expr object) {
    int at = stream.next().at();
    Token token = stream.next();
    if (token.is(Token.Kind.NAME)) {
      return new Expr.Attribute(at, object, token.text());
    }
    if (token.is(Token.Kind.NUMBER) && !(token.value() instanceof Double)) {
      return new Expr.Item(at, object, new Expr.Literal(token.at(), token.value()));
    }
    throw new TemplateError("expected a name after '.', found " + token.describe(), token.at());
  }

  private Expr parseItem(Expr object) {
    int at = stream.next().at();
    List<Expr> keys = new ArrayList<>();
    while (!stream.current().isOperator("]")) {
      if (!keys.isEmpty()) {
        stream.expectOperator(",");
      }
      keys.add(parseKey());
    }
    stream.next();
    return new Expr.Item(
        at, object, keys.size() == 1 ? keys.getFirst() : new Expr.TupleOf(at, keys));
  }

  private Expr parseKey() {
    int at = stream.current().at();
    Expr start = null;
    if (!stream.current().isOperator(":")) {
      start = expressions.parse();
      if (!stream.current().isOperator(":")) {
        return start;
      }
    }
    stream.next();
    Expr stop = isKeyEnd() ? null : expressions.parse();
    Expr step = stream.skipOperator(":") && !isKeyEnd() ? expressions.parse() : null;
    return new Expr.Slice(at, start, stop, step);
  }

  private boolean isKeyEnd() {
    Token token = stream.current();
    return token.isOperator(":") || token.isOperator("]") || token.isOperator(",");
  }

  private Expr.Arguments parseArguments() {
    int at = stream.next().at();
    List<Expr> positional = new ArrayList<>();
    List<Expr.Keyword> keywords = new ArrayList<>();
    Expr star = null;
    Expr doubleStar = null;
    while (!stream.current().isOperator(")")) {
      boolean inOrder;
      if (stream.skipOperator("*")) {
        inOrder = star == null && doubleStar == null;
        star = expressions.parse();
      } else if (stream.skipOperator("**")) {
        inOrder = doubleStar == null;
        doubleStar = expressions.parse();
      } else if (stream.current().is(Token.Kind.NAME) && stream.ahead().isOperator("=")) {
        inOrder = doubleStar == null;
        String name = stream.next().text();
        stream.next();
        keywords.add(new Expr.Keyword(name, expressions.parse()));
      } else {
        inOrder = star == null && doubleStar == null && keywords.isEmpty();
        positional.add(expressions.parse());
      }
      if (!inOrder) {
        throw new TemplateError(
            "expected arguments in the order: positional, *list, keywords, **dict", at);
      }
      if (!stream.skipOperator(",")) {
        break;
      }
    }
    stream.expectOperator(")");
    return new Expr.Arguments(positional, keywords, star, doubleStar);
  }

  private Expr.Filter parseFilter(@Nullable Expr input) {
    Token token = stream.expect(Token.Kind.NAME);
    String name = parseDotted(token);
    Expr.Arguments arguments =
        stream.current().isOperator("(") ? parseArguments() : Expr.Arguments.NONE;
    return new Expr.Filter(token.at(), input, name, arguments);
  }

  private String parseDotted(Token first) {
    StringBuilder name = new StringBuilder(first.text());
    while (stream.skipOperator(".")) {
      name.append('.').append(stream.expect(Token.Kind.NAME).text());
    }
    return name.toString();
  }

  private Expr parseTest(Expr input) {
    stream.next();
    boolean negated = stream.skipName("not");
    Token token = stream.expect(Token.Kind.NAME);
    String name = parseDotted(token);
    Expr.Arguments arguments = Expr.Arguments.NONE;
    if (stream.current().isOperator("(")) {
      arguments = parseArguments();
    } else if (beginsArgument()) {
      if (stream.current().isName("is")) {
        throw new TemplateError("tests with 'is' cannot be chained", stream.current().at());
      }
      arguments =
          new Expr.Arguments(List.of(expressions.parsePrimaryWithPostfix()), List.of(), null, null);
    }
    Expr test = new Expr.Test(token.at(), input, name, arguments);
    return negated ? new Expr.Not(token.at(), test) : test;
  }

  private boolean beginsArgument() {
    Token token = stream.current();
    return switch (token.kind()) {
      case STRING, NUMBER -> true;
      case NAME -> !token.isName("else") && !token.isName("or") && !token.isName("and");
      case OPERATOR -> token.isOperator("[") || token.isOperator("{");
      default -> false;
    };
  }
}
