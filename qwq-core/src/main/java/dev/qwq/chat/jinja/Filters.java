package dev.qwq.chat.jinja;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** The filters by name. */
final class Filters {
  @FunctionalInterface
  interface Filter {
    Object apply(Context context, Object value, Args args);
  }

  private static final Map<String, Filter> ALL = new HashMap<>();
  private static final Set<String> WITHOUT_ARGUMENTS =
      Set.of(
          "abs",
          "capitalize",
          "count",
          "e",
          "escape",
          "first",
          "forceescape",
          "items",
          "last",
          "length",
          "list",
          "lower",
          "reverse",
          "safe",
          "string",
          "striptags",
          "title",
          "upper",
          "urlencode",
          "wordcount");

  static {
    TextFilters.addTo(ALL);
    MarkupFilters.addTo(ALL);
    NumberFilters.addTo(ALL);
    SequenceFilters.addTo(ALL);
    SelectFilters.addTo(ALL);
    ALL.put("tojson", Json::dump);
    ALL.put(
        "default",
        (context, value, args) -> {
          Args.Bound bound = args.bind("default", 0, "default_value", "boolean");
          boolean missing = value instanceof Undefined || bound.flag(1) && !Values.truth(value);
          return missing ? bound.get(0, Text.EMPTY) : value;
        });
    ALL.put("d", find("default"));
    ALL.put(
        "attr",
        (context, value, args) -> {
          String name = args.bind("attr", 1, "name").text(0).value();
          if (value instanceof Undefined undefined) {
            throw undefined.error();
          }
          Object attribute = Attributes.find(value, name);
          return attribute == null ? Undefined.attribute(value, name) : attribute;
        });
  }

  private Filters() {}

  static boolean exists(String name) {
    return ALL.containsKey(name);
  }

  static Filter find(String name) {
    Filter filter = ALL.get(name);
    if (filter == null) {
      throw new TemplateError("no filter named '" + name + "'");
    }
    return filter;
  }

  static Object apply(Context context, String name, Object value, Args args) {
    if (value instanceof Text text) {
      context.spend(text.length() / 4);
    }
    Filter filter = find(name);
    if (WITHOUT_ARGUMENTS.contains(name)) {
      args.bind(name, 0);
    }
    return filter.apply(context, value, args);
  }
}
