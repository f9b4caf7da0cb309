package dev.qwq.chat.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Evaluates expressions. */
final class Expressions {
  private final Context context;

  Expressions(Context context) {
    this.context = context;
  }

  Object evaluate(Expr expr, Scope scope) {
    context.enter();
    try {
      return switch (expr) {
        case Expr.Literal literal -> literal.value();
        case Expr.Name name -> scope.get(name.name());
        case Expr.ListOf list -> context.charge(new PyList(all(list.items(), scope)));
        case Expr.TupleOf tuple -> context.charge(new PyTuple(all(tuple.items(), scope)));
        case Expr.DictOf dict -> dict(dict, scope);
        case Expr.Conditional choice -> conditional(choice, scope);
        case Expr.Or or -> {
          Object left = evaluate(or.left(), scope);
          yield Values.truth(left) ? left : evaluate(or.right(), scope);
        }
        case Expr.And and -> {
          Object left = evaluate(and.left(), scope);
          yield Values.truth(left) ? evaluate(and.right(), scope) : left;
        }
        case Expr.Not not -> !Values.truth(evaluate(not.operand(), scope));
        case Expr.Compare compare -> compare(compare, scope);
        case Expr.Binary binary ->
            context.charge(
                Operators.apply(
                    context,
                    binary.operator(),
                    evaluate(binary.left(), scope),
                    evaluate(binary.right(), scope)));
        case Expr.Negative negative -> Operators.negate(evaluate(negative.operand(), scope));
        case Expr.Positive positive -> Operators.positive(evaluate(positive.operand(), scope));
        case Expr.Concat concat -> concat(concat, scope);
        case Expr.Attribute attribute ->
            Attributes.attribute(context, evaluate(attribute.object(), scope), attribute.name());
        case Expr.Item item -> item(item, scope);
        case Expr.Slice slice -> throw new TemplateError("a slice can only stand in brackets");
        case Expr.Call call -> call(call, scope, null);
        case Expr.Filter filter -> filter(filter, Text.EMPTY, scope);
        case Expr.Test test -> test(test, scope);
      };
    } catch (TemplateError e) {
      throw e.locate(expr.at());
    } finally {
      context.leave();
    }
  }

  private List<Object> all(List<Expr> items, Scope scope) {
    List<Object> values = new ArrayList<>(items.size());
    for (Expr item : items) {
      values.add(evaluate(item, scope));
    }
    return values;
  }

  private PyDict dict(Expr.DictOf literal, Scope scope) {
    PyDict dict = new PyDict();
    for (Expr.Pair pair : literal.pairs()) {
      context.spend(1);
      dict.put(context, evaluate(pair.key(), scope), evaluate(pair.value(), scope));
    }
    return dict;
  }

  private Object conditional(Expr.Conditional choice, Scope scope) {
    if (Values.truth(evaluate(choice.condition(), scope))) {
      return evaluate(choice.then(), scope);
    }
    Expr otherwise = choice.otherwise();
    return otherwise != null
        ? evaluate(otherwise, scope)
        : new Undefined("the condition was false and there is no 'else'");
  }

  private Object compare(Expr.Compare compare, Scope scope) {
    Object left = evaluate(compare.first(), scope);
    for (Expr.Comparison comparison : compare.rest()) {
      Object right = evaluate(comparison.operand(), scope);
      if (!Operators.compare(context, comparison.operator(), left, right)) {
        return false;
      }
      left = right;
    }
    return true;
  }

  private Object concat(Expr.Concat concat, Scope scope) {
    TextBuilder text = new TextBuilder(context);
    for (Expr part : concat.parts()) {
      text.append(Values.text(context, evaluate(part, scope)));
    }
    return context.charge(text.toText());
  }

  private Object item(Expr.Item item, Scope scope) {
    Object object = evaluate(item.object(), scope);
    if (item.key() instanceof Expr.Slice slice) {
      return context.charge(
          Slices.slice(
              context,
              object,
              optional(slice.start(), scope),
              optional(slice.stop(), scope),
              optional(slice.step(), scope)));
    }
    return Attributes.item(context, object, evaluate(item.key(), scope));
  }

  private Object optional(@Nullable Expr expr, Scope scope) {
    return expr == null ? None.NONE : evaluate(expr, scope);
  }

  /** Calls a function; {@code caller} is the body of a call block. */
  Object call(Expr.Call call, Scope scope, @Nullable Macro caller) {
    Object function = evaluate(call.function(), scope);
    Args args = args(call.arguments(), scope);
    if (caller != null) {
      Map<String, Object> keywords = new LinkedHashMap<>(args.keywords());
      keywords.put("caller", caller);
      args = new Args(args.positional(), keywords);
    }
    try {
      return context.charge(Values.call(context, function, args));
    } catch (TemplateError e) {
      throw e.locate(call.at());
    }
  }

  private Args args(Expr.Arguments arguments, Scope scope) {
    List<Object> positional = all(arguments.positional(), scope);
    Map<String, Object> keywords = new LinkedHashMap<>();
    for (Expr.Keyword keyword : arguments.keywords()) {
      keywords.put(keyword.name(), evaluate(keyword.value(), scope));
    }
    if (arguments.star() != null) {
      Values.iterate(context, evaluate(arguments.star(), scope)).forEachRemaining(positional::add);
    }
    if (arguments.doubleStar() != null) {
      Object more = evaluate(arguments.doubleStar(), scope);
      if (!(more instanceof PyDict dict)) {
        throw new TemplateError("expected a dict after **, found " + Values.typeName(more));
      }
      for (PyDict.Entry entry : dict.entries()) {
        if (!(entry.key() instanceof Text key)) {
          throw new TemplateError("keywords must be strings");
        }
        if (keywords.put(key.value(), entry.value()) != null) {
          throw new TemplateError("more than one value for keyword '" + key + "'");
        }
      }
    }
    return new Args(positional, keywords);
  }

  /** Applies a filter, and those before it; the first one without an input gets {@code body}. */
  Object filter(Expr.Filter filter, Text body, Scope scope) {
    Expr input = filter.input();
    Object value =
        input == null
            ? body
            : input instanceof Expr.Filter before
                ? filter(before, body, scope)
                : evaluate(input, scope);
    try {
      return context.charge(
          Filters.apply(context, filter.name(), value, args(filter.arguments(), scope)));
    } catch (TemplateError e) {
      throw e.locate(filter.at());
    }
  }

  private Object test(Expr.Test test, Scope scope) {
    Object value = evaluate(test.input(), scope);
    return Predicates.apply(context, test.name(), value, args(test.arguments(), scope));
  }
}
