package dev.qwq.chat.jinja;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;

/** Python's {@code sorted}: stable, by {@code <} alone. */
final class Sorting {
  private Sorting() {}

  static Comparator<Object> order(Context context) {
    return (a, b) -> Operators.less(context, a, b) ? -1 : Operators.less(context, b, a) ? 1 : 0;
  }

  static List<Object> sorted(
      Context context, List<Object> items, Function<Object, Object> key, boolean reverse) {
    record Keyed(Object key, Object item) {}

    List<Keyed> keyed = new ArrayList<>(items.size());
    for (Object item : items) {
      keyed.add(new Keyed(key.apply(item), item));
    }
    Comparator<Object> order = order(context);
    if (reverse) {
      // Equal elements keep their order, also when the rest is turned around.
      Collections.reverse(keyed);
    }
    try {
      keyed.sort((a, b) -> order.compare(a.key, b.key));
    } catch (IllegalArgumentException e) {
      // NaN among the keys contradicts itself; Python returns some order.
      throw new TemplateError("the values have no order");
    }
    if (reverse) {
      Collections.reverse(keyed);
    }
    List<Object> sorted = new ArrayList<>(keyed.size());
    keyed.forEach(k -> sorted.add(k.item));
    return sorted;
  }
}
