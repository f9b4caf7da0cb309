package dev.qwq.chat.jinja;

import java.util.HashMap;
import java.util.Map;

/** The tests: what stands after {@code is}. */
final class Predicates {
  @FunctionalInterface
  interface Predicate {
    boolean test(Context context, Object value, Args args);
  }

  private static final Map<String, Predicate> ALL = new HashMap<>();

  static {
    simple("defined", value -> !(value instanceof Undefined));
    simple("undefined", value -> value instanceof Undefined);
    simple("none", value -> value == None.NONE);
    simple("boolean", value -> value instanceof Boolean);
    simple("true", value -> Boolean.TRUE.equals(value));
    simple("false", value -> Boolean.FALSE.equals(value));
    simple("integer", value -> Numbers.isInteger(value) && !(value instanceof Boolean));
    simple("float", value -> value instanceof Double);
    simple("number", Numbers::isNumber);
    simple("string", value -> value instanceof Text);
    simple("mapping", value -> value instanceof PyDict);
    simple("iterable", Values::isIterable);
    simple("callable", value -> value instanceof Callable || value instanceof Undefined);
    simple("escaped", value -> value instanceof Text text && text.isMarkup());
    simple(
        "sequence",
        value ->
            value instanceof Text
                || value instanceof Sequence
                || value instanceof PyDict
                || value instanceof PyRange
                || value instanceof Undefined);
    put("lower", 0, (c, v, args) -> CaseMethods.isLower(Values.text(c, v).value()));
    put("upper", 0, (c, v, args) -> CaseMethods.isUpper(Values.text(c, v).value()));
    put("odd", 0, (c, v, args) -> remainderIs(c, v, 2L, 1L));
    put("even", 0, (c, v, args) -> remainderIs(c, v, 2L, 0L));
    put("divisibleby", 1, (c, v, args) -> remainderIs(c, v, args.positional().getFirst(), 0L));
    put("sameas", 1, (c, v, args) -> same(v, args.positional().getFirst()));
    put("in", 1, (c, v, args) -> Values.contains(c, args.positional().getFirst(), v));
    put("filter", 0, (c, v, args) -> v instanceof Text t && Filters.exists(t.value()));
    put("test", 0, (c, v, args) -> v instanceof Text t && exists(t.value()));
    comparison("==", "eq", "equalto");
    comparison("!=", "ne");
    comparison("<", "lt", "lessthan");
    comparison("<=", "le");
    comparison(">", "gt", "greaterthan");
    comparison(">=", "ge");
  }

  private Predicates() {}

  private static void put(String name, int arguments, Predicate predicate) {
    ALL.put(
        name,
        (context, value, args) -> {
          int found = args.positional().size();
          if (found != arguments || !args.keywords().isEmpty()) {
            // A keyword has the same effect as its place; no test has more than one.
            if (found + args.keywords().size() == arguments) {
              Object only = args.keywords().values().iterator().next();
              return predicate.test(context, value, Args.of(only));
            }
            throw new TemplateError(
                "test '" + name + "': expected " + arguments + " arguments, found " + found);
          }
          return predicate.test(context, value, args);
        });
  }

  private static void simple(String name, java.util.function.Predicate<Object> predicate) {
    put(name, 0, (context, value, args) -> predicate.test(value));
  }

  private static void comparison(String operator, String... names) {
    Predicate predicate =
        (context, value, args) ->
            Operators.compare(context, operator, value, args.positional().getFirst());
    put(operator, 1, predicate);
    for (String name : names) {
      put(name, 1, predicate);
    }
  }

  private static boolean remainderIs(Context context, Object value, Object divisor, long rest) {
    return Values.equal(context, Operators.apply(context, "%", value, divisor), rest);
  }

  // Python's "is"; scalars of one value count as one object, as they mostly are there.
  @SuppressWarnings("ReferenceEquality")
  private static boolean same(Object a, Object b) {
    boolean scalars = !(a instanceof Sequence) && !(a instanceof PyDict);
    return a == b || scalars && a.getClass() == b.getClass() && a.equals(b);
  }

  static boolean exists(String name) {
    return ALL.containsKey(name);
  }

  static boolean apply(Context context, String name, Object value, Args args) {
    Predicate predicate = ALL.get(name);
    if (predicate == null) {
      throw new TemplateError("no test named '" + name + "'");
    }
    return predicate.test(context, value, args);
  }
}
