package dev.qwq.chat.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What filters call an attribute: {@code "address.city"}, {@code "0"}, {@code 1}. */
final class Paths {
  private Paths() {}

  /** Something that looks an attribute up; None gives the value itself. */
  static Function<Object, Object> getter(
      Context context, Object attribute, @Nullable Object otherwise) {
    List<Object> path = path(context, attribute);
    return item -> {
      Object value = item;
      for (Object part : path) {
        value = Attributes.item(context, value, part);
        if (otherwise != null && value instanceof Undefined) {
          value = otherwise;
        }
      }
      return value;
    };
  }

  /** Several attributes with commas between, as a list. */
  static Function<Object, Object> getters(
      Context context, Object attribute, boolean caseSensitive) {
    List<Function<Object, Object>> getters = new ArrayList<>();
    if (attribute instanceof Text text) {
      for (String name : text.value().split(",", -1)) {
        getters.add(folding(getter(context, Text.own(name), null), caseSensitive));
      }
    } else {
      getters.add(folding(getter(context, attribute, null), caseSensitive));
    }
    return item -> {
      List<Object> values = new ArrayList<>(getters.size());
      getters.forEach(getter -> values.add(getter.apply(item)));
      return new PyList(values);
    };
  }

  /** Makes strings lower case unless told not to. */
  static Function<Object, Object> folding(Function<Object, Object> getter, boolean caseSensitive) {
    return caseSensitive
        ? getter
        : item -> {
          Object value = getter.apply(item);
          return value instanceof Text text ? text.lower() : value;
        };
  }

  private static List<Object> path(Context context, Object attribute) {
    if (attribute == None.NONE) {
      return List.of();
    }
    if (!(attribute instanceof Text text)) {
      return List.of(attribute);
    }
    List<Object> path = new ArrayList<>();
    for (String part : text.value().split("\\.", -1)) {
      Object index =
          !part.isEmpty() && part.chars().allMatch(c -> c >= '0' && c <= '9')
              ? NumberText.parseInteger(part, 10)
              : null;
      path.add(index == null ? Text.own(part) : index);
    }
    context.spend(path.size());
    return path;
  }
}
