package dev.qwq.chat.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Java values to the values of templates. All strings become foreign text. */
final class Variables {
  private final Context context;
  private final Function<Object, @Nullable String> ownText;

  /**
   * @param ownText the text of values that count as the template's own, null for all others
   */
  Variables(Context context, Function<Object, @Nullable String> ownText) {
    this.context = context;
    this.ownText = ownText;
  }

  void addTo(Scope scope, Map<String, ?> variables) {
    variables.forEach((name, value) -> scope.set(name, convert(name, value)));
  }

  private Object convert(String path, @Nullable Object value) {
    context.step();
    return switch (value) {
      case null -> None.NONE;
      case String text -> Text.foreign(text);
      case Boolean b -> b;
      case Long l -> l;
      case Integer i -> (long) i;
      case Short s -> (long) s;
      case Byte b -> (long) b;
      case BigInteger b -> Numbers.of(b);
      case Double d -> d;
      case Float f -> Double.valueOf(f.toString());
      case BigDecimal d -> d.doubleValue();
      case Map<?, ?> map -> dict(path, map);
      case Collection<?> collection -> list(path, collection);
      default -> {
        String own = ownText.apply(value);
        if (own == null) {
          throw new IllegalArgumentException(
              path
                  + ": expected a string, number, boolean, null, collection or map, found "
                  + value.getClass().getName());
        }
        yield Text.own(own);
      }
    };
  }

  private PyDict dict(String path, Map<?, ?> map) {
    context.enter();
    try {
      PyDict dict = new PyDict();
      map.forEach(
          (key, value) -> dict.put(context, convert(path, key), convert(path + "." + key, value)));
      return dict;
    } finally {
      context.leave();
    }
  }

  private PyList list(String path, Collection<?> collection) {
    context.enter();
    try {
      List<Object> items = new ArrayList<>(collection.size());
      for (Object item : collection) {
        items.add(convert(path + "[" + items.size() + "]", item));
      }
      return new PyList(items);
    } finally {
      context.leave();
    }
  }
}
