package dev.qwq.chat.jinja;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Parses a template into statements. */
final class Parser {
  private static final Set<String> UNSUPPORTED =
      Set.of("block", "extends", "include", "import", "from", "autoescape", "do", "trans", "debug");

  private final TokenStream stream;
  private final ExpressionParser expressions;
  private final Deque<Token> open = new ArrayDeque<>();
  private int loops;

  Parser(Source source) {
    stream = new TokenStream(new Lexer(source).lex());
    expressions = new ExpressionParser(stream);
  }

  List<Statement> parse() {
    return parseBody();
  }

  /** Parses until a tag of one of these names, and goes past its name. */
  private String parseUntil(List<Statement> body, String... ends) {
    stream.skipOperator(":");
    stream.expect(Token.Kind.BLOCK_END);
    stream.enter();
    body.addAll(parseBody(ends));
    stream.leave();
    return stream.next().text();
  }

  private List<Statement> parseUntil(String end) {
    List<Statement> body = new ArrayList<>();
    parseUntil(body, end);
    return body;
  }

  private List<Statement> parseBody(String... ends) {
    List<Statement> body = new ArrayList<>();
    while (true) {
      Token token = stream.next();
      switch (token.kind()) {
        case DATA -> body.add(new Statement.Data(token.at(), Text.own(token.text())));
        case VARIABLE_BEGIN -> {
          body.add(new Statement.Print(token.at(), expressions.parseTuple()));
          stream.expect(Token.Kind.VARIABLE_END);
        }
        case BLOCK_BEGIN -> {
          Token tag = stream.current();
          if (tag.is(Token.Kind.NAME) && List.of(ends).contains(tag.text())) {
            return body;
          }
          parseTag(body);
          stream.expect(Token.Kind.BLOCK_END);
        }
        default -> {
          if (ends.length > 0) {
            Token tag = open.element();
            throw new TemplateError(
                "expected "
                    + alternatives(ends)
                    + " to close this '"
                    + tag.text()
                    + "', found the end of the template",
                tag.at());
          }
          return body;
        }
      }
    }
  }

  private static String alternatives(String... names) {
    return "{% " + String.join(" %} or {% ", names) + " %}";
  }

  private void parseTag(List<Statement> body) {
    Token tag = stream.expect(Token.Kind.NAME);
    open.push(tag);
    switch (tag.text()) {
      case "if" -> body.add(parseIf(tag.at()));
      case "for" -> body.add(parseFor(tag.at()));
      case "set" -> body.add(parseSet(tag.at()));
      case "macro" -> body.add(parseMacro(tag.at()));
      case "call" -> body.add(parseCall(tag.at()));
      case "filter" -> body.add(parseFilter(tag.at()));
      case "with" -> body.add(parseWith(tag.at()));
      case "print" -> parsePrint(body);
      case "generation" ->
          body.add(new Statement.Generation(tag.at(), parseUntil("endgeneration")));
      case "break" -> body.add(new Statement.Break(insideLoop(tag)));
      case "continue" -> body.add(new Statement.Continue(insideLoop(tag)));
      default -> throw unknownTag(tag);
    }
    open.pop();
  }

  private int insideLoop(Token tag) {
    if (loops == 0) {
      throw new TemplateError("found '" + tag.text() + "' outside of a loop", tag.at());
    }
    return tag.at();
  }

  private TemplateError unknownTag(Token tag) {
    open.pop();
    String name = tag.text();
    if (UNSUPPORTED.contains(name)) {
      return new TemplateError("the tag '" + name + "' is not for chat templates", tag.at());
    }
    Token outer = open.peek();
    String expected =
        outer == null ? "a known tag" : "a tag that is known or closes '" + outer.text() + "'";
    return new TemplateError("expected " + expected + ", found '" + name + "'", tag.at());
  }

  private Statement parseIf(int at) {
    List<Statement.Branch> branches = new ArrayList<>();
    List<Statement> otherwise = new ArrayList<>();
    String end;
    do {
      Expr condition = expressions.parseTupleWithoutConditional();
      List<Statement> body = new ArrayList<>();
      end = parseUntil(body, "elif", "else", "endif");
      branches.add(new Statement.Branch(condition, body));
    } while (end.equals("elif"));
    if (end.equals("else")) {
      parseUntil(otherwise, "endif");
    }
    return new Statement.If(at, branches, otherwise);
  }

  private Statement parseFor(int at) {
    Statement.Target target = parseTarget(false);
    stream.expectName("in");
    Expr iterable = expressions.parseTupleWithoutConditional();
    Expr test = stream.skipName("if") ? expressions.parse() : null;
    boolean recursive = stream.skipName("recursive");
    List<Statement> body = new ArrayList<>();
    List<Statement> otherwise = new ArrayList<>();
    loops++;
    String end = parseUntil(body, "else", "endfor");
    loops--;
    if (end.equals("else")) {
      parseUntil(otherwise, "endfor");
    }
    return new Statement.For(at, target, iterable, test, recursive, body, otherwise);
  }

  private Statement parseSet(int at) {
    Statement.Target target = parseTarget(true);
    if (stream.skipOperator("=")) {
      return new Statement.Set(at, target, expressions.parseTuple());
    }
    Expr.Filter filter = expressions.parseBlockFilters(false);
    return new Statement.SetBlock(at, target, filter, parseUntil("endset"));
  }

  private Statement parseMacro(int at) {
    String name = stream.expect(Token.Kind.NAME).text();
    List<Statement.Parameter> parameters = parseParameters();
    return new Statement.Macro(at, name, parseSignature(parameters, "endmacro"));
  }

  private Statement parseCall(int at) {
    List<Statement.Parameter> parameters =
        stream.current().isOperator("(") ? parseParameters() : List.of();
    Token token = stream.current();
    if (!(expressions.parse() instanceof Expr.Call call)) {
      throw new TemplateError("expected a call, found another expression", token.at());
    }
    return new Statement.CallBlock(at, parseSignature(parameters, "endcall"), call);
  }

  private List<Statement.Parameter> parseParameters() {
    List<Statement.Parameter> parameters = new ArrayList<>();
    boolean defaults = false;
    stream.expectOperator("(");
    while (!stream.current().isOperator(")")) {
      Token name = stream.expect(Token.Kind.NAME);
      Expr otherwise = stream.skipOperator("=") ? expressions.parse() : null;
      if (otherwise == null && defaults) {
        throw new TemplateError(
            "expected a default for '" + name.text() + "', as the parameter before has one",
            name.at());
      }
      defaults |= otherwise != null;
      parameters.add(new Statement.Parameter(name.text(), otherwise));
      if (!stream.skipOperator(",")) {
        break;
      }
    }
    stream.expectOperator(")");
    return parameters;
  }

  private Statement.Signature parseSignature(List<Statement.Parameter> parameters, String end) {
    Set<String> names = new HashSet<>();
    Set<String> outer = expressions.swapNames(names);
    int outerLoops = loops;
    loops = 0;
    List<Statement> body = parseUntil(end);
    loops = outerLoops;
    expressions.swapNames(outer);
    outer.addAll(names);
    parameters.forEach(parameter -> names.remove(parameter.name()));
    return new Statement.Signature(
        parameters,
        body,
        names.contains("caller"),
        names.contains("kwargs"),
        names.contains("varargs"));
  }

  private Statement parseFilter(int at) {
    Expr.Filter filter = expressions.parseBlockFilters(true);
    if (filter == null) {
      throw stream.unexpected("a filter");
    }
    return new Statement.FilterBlock(at, filter, parseUntil("endfilter"));
  }

  private Statement parseWith(int at) {
    List<Statement.Target> targets = new ArrayList<>();
    List<Expr> values = new ArrayList<>();
    while (!stream.current().is(Token.Kind.BLOCK_END)) {
      if (!targets.isEmpty()) {
        stream.expectOperator(",");
      }
      targets.add(parseSimpleTarget(false));
      stream.expectOperator("=");
      values.add(expressions.parse());
    }
    return new Statement.With(at, targets, values, parseUntil("endwith"));
  }

  private void parsePrint(List<Statement> body) {
    do {
      int at = stream.current().at();
      body.add(new Statement.Print(at, expressions.parse()));
    } while (stream.skipOperator(","));
  }

  private Statement.Target parseTarget(boolean attributes) {
    List<Statement.Target> targets = new ArrayList<>();
    boolean comma = false;
    do {
      if (comma && !stream.current().is(Token.Kind.NAME) && !stream.current().isOperator("(")
          || stream.current().isName("in")) {
        break;
      }
      targets.add(parseSimpleTarget(attributes));
      comma |= stream.current().isOperator(",");
    } while (stream.skipOperator(","));
    if (targets.isEmpty()) {
      throw stream.unexpected("a variable");
    }
    return comma ? new Statement.TupleTarget(targets) : targets.getFirst();
  }

  private Statement.Target parseSimpleTarget(boolean attributes) {
    if (stream.skipOperator("(")) {
      stream.enter();
      Statement.Target target = parseTarget(attributes);
      stream.leave();
      stream.expectOperator(")");
      return target;
    }
    Token name = stream.current();
    switch (name.text()) {
      case "true", "True", "false", "False", "none", "None" ->
          throw stream.unexpected("a variable");
      default -> stream.expect(Token.Kind.NAME);
    }
    if (attributes && stream.skipOperator(".")) {
      String attribute = stream.expect(Token.Kind.NAME).text();
      return new Statement.AttributeTarget(name.at(), name.text(), attribute);
    }
    return new Statement.NameTarget(name.text());
  }
}
