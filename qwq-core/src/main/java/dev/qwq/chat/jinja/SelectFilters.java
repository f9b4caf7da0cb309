package dev.qwq.chat.jinja;

import java.util.Iterator;
import java.util.Map;
import java.util.function.Function;

/** Filters that take other filters and tests: map, select, reject and their like. */
final class SelectFilters {
  private SelectFilters() {}

  static void addTo(Map<String, Filters.Filter> all) {
    all.put("map", SelectFilters::map);
    all.put("select", (c, value, args) -> select(c, value, args, "select", true, false));
    all.put("reject", (c, value, args) -> select(c, value, args, "reject", false, false));
    all.put("selectattr", (c, value, args) -> select(c, value, args, "selectattr", true, true));
    all.put("rejectattr", (c, value, args) -> select(c, value, args, "rejectattr", false, true));
  }

  private static Object map(Context context, Object value, Args args) {
    Function<Object, Object> function;
    if (args.positional().isEmpty()) {
      Args.Bound bound = args.bind("map", 0, "attribute", "default");
      if (!bound.has(0)) {
        throw new TemplateError("map: expected the name of a filter or attribute=…");
      }
      function = Paths.getter(context, bound.get(0), bound.some(1));
    } else {
      String name = name("map", args);
      Args rest = args.skip(1);
      function = item -> context.charge(Filters.apply(context, name, item, rest));
    }
    return PyIterator.generator("sync_do_map", PyIterator.map(iterate(context, value), function));
  }

  private static Object select(
      Context context, Object value, Args args, String filter, boolean wanted, boolean attribute) {
    Function<Object, Object> getter = Function.identity();
    Args rest = args;
    if (attribute) {
      if (args.positional().isEmpty()) {
        throw new TemplateError(filter + ": expected the name of an attribute");
      }
      getter = Paths.getter(context, args.positional().getFirst(), null);
      rest = args.skip(1);
    }
    Function<Object, Object> of = getter;
    Iterator<Object> items = iterate(context, value);
    Iterator<Object> selected;
    if (rest.positional().isEmpty()) {
      selected = PyIterator.filter(items, item -> Values.truth(of.apply(item)) == wanted);
    } else {
      String test = name(filter, rest);
      Args testArgs = rest.skip(1);
      selected =
          PyIterator.filter(
              items, item -> Predicates.apply(context, test, of.apply(item), testArgs) == wanted);
    }
    return PyIterator.generator("sync_do_" + filter, selected);
  }

  private static String name(String filter, Args args) {
    if (args.positional().getFirst() instanceof Text name) {
      return name.value();
    }
    throw new TemplateError(
        filter + ": expected a name, found " + Values.typeName(args.positional().getFirst()));
  }

  /** Nothing for what is false, as jinja2 does: None has no elements here. */
  private static Iterator<Object> iterate(Context context, Object value) {
    boolean empty = !(value instanceof PyIterator) && !Values.truth(value);
    return Values.iterate(context, empty ? new PyList(java.util.List.of()) : value);
  }
}
