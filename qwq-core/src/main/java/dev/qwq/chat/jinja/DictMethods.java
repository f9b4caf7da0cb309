package dev.qwq.chat.jinja;

import org.jspecify.annotations.Nullable;

/** The methods of dict that change nothing. */
final class DictMethods {
  private DictMethods() {}

  static @Nullable Object find(PyDict dict, String name) {
    return switch (name) {
      case "get" ->
          (Callable)
              (context, args) -> {
                Args.Bound bound = args.bind("get", 1, "key", "default");
                Object value = dict.get(context, bound.get(0));
                return value == null ? bound.get(1) : value;
              };
      case "items" -> view(name, () -> new DictView("dict_items", dict.pairs()));
      case "keys" -> view(name, () -> new DictView("dict_keys", dict.keys()));
      case "values" -> view(name, () -> new DictView("dict_values", dict.values()));
      case "copy" ->
          view(
              name,
              () -> {
                PyDict copy = new PyDict();
                copy.putAll(dict);
                return copy;
              });
      case "fromkeys" ->
          (Callable)
              (context, args) -> {
                Args.Bound bound = args.bind("fromkeys", 1, "iterable", "value");
                PyDict made = new PyDict();
                Values.iterate(context, bound.get(0))
                    .forEachRemaining(key -> made.put(context, key, bound.get(1)));
                return made;
              };
      default -> null;
    };
  }

  private static Callable view(String name, java.util.function.Supplier<Object> supplier) {
    return (context, args) -> {
      args.bind(name, 0);
      return supplier.get();
    };
  }
}
