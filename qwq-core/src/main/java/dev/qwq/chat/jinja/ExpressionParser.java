package dev.qwq.chat.jinja;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Parses expressions, loosest binding first: each method one level of precedence. */
final class ExpressionParser {
  private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");

  private final TokenStream stream;
  private final PostfixParser postfix;

  /** Names read so far; a macro looks here for {@code caller} and its like. */
  private Set<String> names = new HashSet<>();

  ExpressionParser(TokenStream stream) {
    this.stream = stream;
    postfix = new PostfixParser(stream, this);
  }

  Set<String> swapNames(Set<String> other) {
    Set<String> before = names;
    names = other;
    return before;
  }

  /** An expression, or a tuple without parentheses. */
  Expr parseTuple() {
    return parseTuple(true, false);
  }

  /** One without {@code x if y}, for places where {@code if} has another meaning. */
  Expr parseTupleWithoutConditional() {
    return parseTuple(false, false);
  }

  private Expr parseTuple(boolean conditional, boolean parentheses) {
    int at = stream.current().at();
    List<Expr> items = new ArrayList<>();
    boolean comma = false;
    while (!isTupleEnd()) {
      items.add(conditional ? parse() : parseOr());
      if (!stream.skipOperator(",")) {
        break;
      }
      comma = true;
    }
    if (!comma && items.size() == 1) {
      return items.getFirst();
    }
    if (items.isEmpty() && !parentheses) {
      throw stream.unexpected("an expression");
    }
    return new Expr.TupleOf(at, items);
  }

  private boolean isTupleEnd() {
    Token token = stream.current();
    return token.is(Token.Kind.VARIABLE_END)
        || token.is(Token.Kind.BLOCK_END)
        || token.isOperator(")")
        || token.isName("recursive") && stream.ahead().is(Token.Kind.BLOCK_END);
  }

  Expr parse() {
    stream.enter();
    Expr expr = parseOr();
    while (stream.current().isName("if")) {
      int at = stream.next().at();
      Expr condition = parseOr();
      Expr otherwise = stream.skipName("else") ? parse() : null;
      expr = new Expr.Conditional(at, condition, expr, otherwise);
    }
    stream.leave();
    return expr;
  }

  Expr parseOr() {
    Expr left = parseAnd();
    while (stream.current().isName("or")) {
      int at = stream.next().at();
      left = new Expr.Or(at, left, parseAnd());
    }
    return left;
  }

  private Expr parseAnd() {
    Expr left = parseNot();
    while (stream.current().isName("and")) {
      int at = stream.next().at();
      left = new Expr.And(at, left, parseNot());
    }
    return left;
  }

  private Expr parseNot() {
    if (stream.current().isName("not")) {
      int at = stream.next().at();
      stream.enter();
      Expr operand = parseNot();
      stream.leave();
      return new Expr.Not(at, operand);
    }
    return parseCompare();
  }

  private Expr parseCompare() {
    int at = stream.current().at();
    Expr first = parseSum();
    List<Expr.Comparison> rest = new ArrayList<>();
    while (true) {
      Token token = stream.current();
      if (token.is(Token.Kind.OPERATOR) && COMPARISONS.contains(token.text())) {
        stream.next();
        rest.add(new Expr.Comparison(token.text(), parseSum()));
      } else if (stream.skipName("in")) {
        rest.add(new Expr.Comparison("in", parseSum()));
      } else if (token.isName("not") && stream.ahead().isName("in")) {
        stream.next();
        stream.next();
        rest.add(new Expr.Comparison("not in", parseSum()));
      } else {
        return rest.isEmpty() ? first : new Expr.Compare(at, first, rest);
      }
    }
  }

  private Expr parseSum() {
    Expr left = parseConcat();
    while (stream.current().isOperator("+") || stream.current().isOperator("-")) {
      Token operator = stream.next();
      left = new Expr.Binary(operator.at(), operator.text(), left, parseConcat());
    }
    return left;
  }

  private Expr parseConcat() {
    int at = stream.current().at();
    List<Expr> parts = new ArrayList<>();
    parts.add(parseProduct());
    while (stream.skipOperator("~")) {
      parts.add(parseProduct());
    }
    return parts.size() == 1 ? parts.getFirst() : new Expr.Concat(at, parts);
  }

  private Expr parseProduct() {
    Expr left = parsePower();
    while (stream.current().isOperator("*")
        || stream.current().isOperator("/")
        || stream.current().isOperator("//")
        || stream.current().isOperator("%")) {
      Token operator = stream.next();
      left = new Expr.Binary(operator.at(), operator.text(), left, parsePower());
    }
    return left;
  }

  /** Binds to the left, unlike Python's: that is how jinja2 does it. */
  private Expr parsePower() {
    Expr left = parseUnary(true);
    while (stream.current().isOperator("**")) {
      int at = stream.next().at();
      left = new Expr.Binary(at, "**", left, parseUnary(true));
    }
    return left;
  }

  private Expr parseUnary(boolean withFilters) {
    Token token = stream.current();
    Expr expr;
    if (token.isOperator("-") || token.isOperator("+")) {
      stream.next();
      stream.enter();
      Expr operand = parseUnary(false);
      stream.leave();
      expr =
          token.text().equals("-")
              ? new Expr.Negative(token.at(), operand)
              : new Expr.Positive(token.at(), operand);
    } else {
      expr = parsePrimary();
    }
    expr = postfix.parse(expr);
    return withFilters ? postfix.parseFilters(expr) : expr;
  }

  /** A name, literal, list, dict or something in parentheses. */
  Expr parsePrimary() {
    Token token = stream.current();
    return switch (token.kind()) {
      case NAME -> parseName();
      case STRING -> parseStrings();
      case NUMBER -> new Expr.Literal(stream.next().at(), token.value());
      case OPERATOR ->
          switch (token.text()) {
            case "(" -> parseParentheses();
            case "[" -> parseList();
            case "{" -> parseDict();
            default -> throw stream.unexpected("an expression");
          };
      default -> throw stream.unexpected("an expression");
    };
  }

  Expr parsePrimaryWithPostfix() {
    return postfix.parse(parsePrimary());
  }

  /** The filters of a block: {@code upper | indent(2)}; null if there are none. */
  Expr.@Nullable Filter parseBlockFilters(boolean first) {
    return postfix.parseBlockFilters(first);
  }

  private Expr parseName() {
    Token token = stream.next();
    return switch (token.text()) {
      case "true", "True" -> new Expr.Literal(token.at(), true);
      case "false", "False" -> new Expr.Literal(token.at(), false);
      case "none", "None" -> new Expr.Literal(token.at(), None.NONE);
      default -> {
        names.add(token.text());
        yield new Expr.Name(token.at(), token.text());
      }
    };
  }

  private Expr parseStrings() {
    int at = stream.current().at();
    StringBuilder text = new StringBuilder();
    while (stream.current().is(Token.Kind.STRING)) {
      text.append(stream.next().text());
    }
    return new Expr.Literal(at, Text.own(text.toString()));
  }

  private Expr parseParentheses() {
    stream.next();
    stream.enter();
    Expr expr = parseTuple(true, true);
    stream.leave();
    stream.expectOperator(")");
    return expr;
  }

  private Expr parseList() {
    int at = stream.next().at();
    List<Expr> items = new ArrayList<>();
    while (!stream.current().isOperator("]")) {
      items.add(parse());
      if (!stream.skipOperator(",")) {
        break;
      }
    }
    stream.expectOperator("]");
    return new Expr.ListOf(at, items);
  }

  private Expr parseDict() {
    int at = stream.next().at();
    List<Expr.Pair> pairs = new ArrayList<>();
    while (!stream.current().isOperator("}")) {
      Expr key = parse();
      stream.expectOperator(":");
      pairs.add(new Expr.Pair(key, parse()));
      if (!stream.skipOperator(",")) {
        break;
      }
    }
    stream.expectOperator("}");
    return new Expr.DictOf(at, pairs);
  }
}
