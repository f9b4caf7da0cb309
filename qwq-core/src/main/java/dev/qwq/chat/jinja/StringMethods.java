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

  /** Methods that in markupsafe take their arguments escaped. */
  private static final Set<String> ESCAPE_ARGUMENTS =
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
    if (!self.isMarkup() || !ESCAPE_ARGUMENTS.contains(name)) {
      return method.call(context, self, args);
    }
    List<Object> positional = new ArrayList<>();
    args.positional().forEach(arg -> positional.add(escape(context, arg)));
    Map<String, Object> keywords = new LinkedHashMap<>();
    args.keywords().forEach((key, value) -> keywords.put(key, escape(context, value)));
    return markup(method.call(context, self, new Args(positional, keywords)));
  }

  private static Object escape(Context context, Object value) {
    return switch (value) {
      case Text text -> Html.escape(context, text);
      case PyList list -> {
        List<Object> items = new ArrayList<>();
        list.items()
            .forEach(item -> items.add(item instanceof Text ? escape(context, item) : item));
        yield new PyList(items);
      }
      default -> value;
    };
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
