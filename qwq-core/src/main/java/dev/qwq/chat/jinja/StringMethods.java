package dev.qwq.chat.jinja;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The methods of Python's str. */
final class StringMethods {
  /** A method; {@code self} is what it was called on. */
  @FunctionalInterface
  interface Method {
    Object call(Context context, Text self, Args args);
  }

  private static final Map<String, Method> ALL = new HashMap<>();

  /** Methods that give markup for markup, as markupsafe has it. */
  private static final Set<String> KEEP_MARKUP =
      Set.of(
          "capitalize",
          "casefold",
          "center",
          "expandtabs",
          "join",
          "ljust",
          "lower",
          "lstrip",
          "partition",
          "removeprefix",
          "removesuffix",
          "replace",
          "rjust",
          "rpartition",
          "rsplit",
          "rstrip",
          "split",
          "splitlines",
          "strip",
          "swapcase",
          "title",
          "upper",
          "zfill");

  private static final Set<String> BYTES = Set.of("encode", "translate", "maketrans");

  static {
    CaseMethods.addTo(ALL);
    SplitMethods.addTo(ALL);
    SearchMethods.addTo(ALL);
    PaddingMethods.addTo(ALL);
    ALL.put("format", StrFormat::format);
    ALL.put(
        "format_map",
        (context, self, args) -> {
          Object map = args.bind("format_map", 1, "mapping").get(0);
          if (!(map instanceof PyDict dict)) {
            throw new TemplateError("format_map(): expected dict, found " + Values.typeName(map));
          }
          Map<String, Object> keywords = new LinkedHashMap<>();
          dict.entries()
              .forEach(e -> keywords.put(Values.text(context, e.key()).value(), e.value()));
          return StrFormat.format(context, self, new Args(List.of(), keywords));
        });
  }

  private StringMethods() {}

  static @Nullable Object find(Text self, String name) {
    Method method = ALL.get(name);
    if (method == null) {
      return BYTES.contains(name) ? new Undefined("str." + name + " is not supported") : null;
    }
    return (Callable) (context, args) -> call(context, method, name, self, args);
  }

  private static Object call(Context context, Method method, String name, Text self, Args args) {
    context.spend(self.length());
    if (!self.isMarkup() || !KEEP_MARKUP.contains(name)) {
      return method.call(context, self, args);
    }
    return markup(method.call(context, self, escaped(context, name, args)));
  }

  /** Text that gets into the result is escaped, text that is only looked for is not. */
  private static Args escaped(Context context, String name, Args args) {
    List<Object> positional = new ArrayList<>(args.positional());
    switch (name) {
      case "join" -> {
        if (positional.size() == 1) {
          List<Object> items = new ArrayList<>();
          Values.iterate(context, positional.getFirst())
              .forEachRemaining(
                  item -> items.add(Html.escape(context, Values.softText(context, item))));
          positional.set(0, new PyList(items));
        }
      }
      case "replace", "center", "ljust", "rjust" -> {
        if (positional.size() > 1 && positional.get(1) instanceof Text text) {
          positional.set(1, Html.escape(context, text));
        }
      }
      default -> {}
    }
    return new Args(positional, args.keywords());
  }

  private static Object markup(Object value) {
    return switch (value) {
      case Text text -> text.withMarkup(true);
      case Sequence sequence ->
          sequence.with(sequence.items().stream().map(StringMethods::markup).toList());
      default -> value;
    };
  }
}
