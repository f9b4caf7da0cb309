package dev.qwq.chat.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Runs statements. */
final class Statements {
  /** How a body was left. */
  enum Flow {
    END,
    BREAK,
    CONTINUE
  }

  private final Context context;
  private final Expressions expressions;
  private final Assignments assignments;

  Statements(Context context) {
    this.context = context;
    expressions = new Expressions(context);
    assignments = new Assignments(context);
  }

  Flow run(List<Statement> body, Scope scope, TextBuilder out) {
    context.enter();
    try {
      for (Statement statement : body) {
        Flow flow = run(statement, scope, out);
        if (flow != Flow.END) {
          return flow;
        }
      }
      return Flow.END;
    } finally {
      context.leave();
    }
  }

  /** Runs a body and returns what it printed. */
  Text capture(List<Statement> body, Scope scope) {
    TextBuilder out = new TextBuilder(context);
    run(body, scope, out);
    return (Text) context.charge(out.toText());
  }

  /** The value of a macro's parameter that no argument was given for. */
  Object defaultOf(Statement.Parameter parameter, Scope scope) {
    Expr otherwise = parameter.otherwise();
    return otherwise == null
        ? new Undefined("parameter '" + parameter.name() + "' was not provided")
        : expressions.evaluate(otherwise, scope);
  }

  private Flow run(Statement statement, Scope scope, TextBuilder out) {
    context.step();
    try {
      switch (statement) {
        case Statement.Data data -> out.append(data.text());
        case Statement.Print print -> print(expressions.evaluate(print.value(), scope), out);
        case Statement.If branching -> {
          return runIf(branching, scope, out);
        }
        case Statement.For loop -> runFor(loop, loop.iterable(), scope, out);
        case Statement.Set set ->
            assignments.assign(set.target(), expressions.evaluate(set.value(), scope), scope);
        case Statement.SetBlock set -> {
          Text text = capture(set.body(), new Scope(scope));
          Object value =
              set.filter() == null ? text : expressions.filter(set.filter(), text, scope);
          assignments.assign(set.target(), value, scope);
        }
        case Statement.Macro macro ->
            scope.set(macro.name(), new Macro(macro.name(), macro.signature(), scope, this));
        case Statement.CallBlock block -> {
          Macro caller = new Macro("caller", block.caller(), scope, this);
          print(expressions.call(block.call(), scope, caller), out);
        }
        case Statement.FilterBlock block -> {
          Scope inner = new Scope(scope);
          Text text = capture(block.body(), inner);
          print(expressions.filter(block.filter(), text, inner), out);
        }
        case Statement.With with -> {
          Scope inner = new Scope(scope);
          for (int i = 0; i < with.targets().size(); i++) {
            Object value = expressions.evaluate(with.values().get(i), scope);
            assignments.assign(with.targets().get(i), value, inner);
          }
          return run(with.body(), inner, out);
        }
        case Statement.Generation block -> {
          return run(block.body(), new Scope(scope), out);
        }
        case Statement.Break ignored -> {
          return Flow.BREAK;
        }
        case Statement.Continue ignored -> {
          return Flow.CONTINUE;
        }
      }
    } catch (TemplateError e) {
      throw e.locate(statement.at());
    }
    return Flow.END;
  }

  private void print(Object value, TextBuilder out) {
    out.append(Values.text(context, value));
  }

  private Flow runIf(Statement.If branching, Scope scope, TextBuilder out) {
    for (Statement.Branch branch : branching.branches()) {
      if (Values.truth(expressions.evaluate(branch.condition(), scope))) {
        return run(branch.body(), scope, out);
      }
    }
    return branching.otherwise().isEmpty() ? Flow.END : run(branching.otherwise(), scope, out);
  }

  private void runFor(Statement.For loop, Expr iterable, Scope scope, TextBuilder out) {
    Object values = expressions.evaluate(iterable, scope);
    runFor(loop, values, null, scope, out);
  }

  private void runFor(
      Statement.For node, Object values, @Nullable Loop outer, Scope scope, TextBuilder out) {
    Loop loop = Loop.over(context, values, outer);
    Expr test = node.test();
    if (test != null) {
      loop.filter(
          item -> {
            Scope inner = new Scope(scope);
            assignments.assign(node.target(), item, inner);
            return Values.truth(expressions.evaluate(test, inner));
          });
    }
    if (node.recursive()) {
      loop.callable(
          children -> {
            TextBuilder inner = new TextBuilder(context);
            context.enter();
            try {
              runFor(node, children, loop, scope, inner);
            } finally {
              context.leave();
            }
            return context.charge(inner.toText());
          });
    }
    // As jinja2 has it: an iteration counts if it came to its end, by no break or continue.
    boolean empty = true;
    while (loop.advance()) {
      context.step();
      Scope inner = new Scope(scope);
      inner.set("loop", loop);
      assignments.assign(node.target(), loop.current(), inner);
      Flow flow = run(node.body(), inner, out);
      if (flow == Flow.BREAK) {
        break;
      }
      empty &= flow != Flow.END;
    }
    if (empty) {
      run(node.otherwise(), new Scope(scope), out);
    }
  }
}
