package dev.qwq.chat.jinja;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Python's {@code dict}, in insertion order. Filled by its maker, then left alone. */
final class PyDict {
  /** A key as it was first written, and its value. */
  record Entry(Object key, Object value) {}

  private final Map<Object, Entry> entries = new LinkedHashMap<>();

  void put(Context context, Object key, Object value) {
    entries.merge(
        hashable(context, key), new Entry(key, value), (o, n) -> new Entry(o.key, n.value));
  }

  void putAll(PyDict other) {
    other.entries.forEach(
        (hash, entry) -> entries.merge(hash, entry, (o, n) -> new Entry(o.key, n.value)));
  }

  @Nullable Object get(Context context, Object key) {
    Entry entry = entries.get(hashable(context, key));
    return entry == null ? null : entry.value;
  }

  /** Looks up a string. */
  @Nullable Object get(String key) {
    Entry entry = entries.get(Text.foreign(key));
    return entry == null ? null : entry.value;
  }

  int size() {
    return entries.size();
  }

  Collection<Entry> entries() {
    return entries.values();
  }

  List<Object> keys() {
    List<Object> keys = new ArrayList<>(entries.size());
    entries.values().forEach(entry -> keys.add(entry.key));
    return keys;
  }

  List<Object> values() {
    List<Object> values = new ArrayList<>(entries.size());
    entries.values().forEach(entry -> values.add(entry.value));
    return values;
  }

  List<Object> pairs() {
    List<Object> pairs = new ArrayList<>(entries.size());
    entries.values().forEach(entry -> pairs.add(PyTuple.of(entry.key, entry.value)));
    return pairs;
  }

  /** What stands for a value in a Java hash table, so that {@code 1}, {@code 1.0} and true meet. */
  static Object hashable(Context context, Object value) {
    return switch (value) {
      case Boolean b -> b ? 1L : 0L;
      case Double d when d == Math.rint(d) && !Double.isInfinite(d) ->
          Numbers.of(new BigDecimal(d).toBigInteger());
      case PyTuple tuple -> {
        context.enter();
        try {
          List<Object> parts = new ArrayList<>(tuple.items().size());
          for (Object item : tuple.items()) {
            context.step();
            parts.add(hashable(context, item));
          }
          yield parts;
        } finally {
          context.leave();
        }
      }
      case PyList list -> throw unhashable(list);
      case PyDict dict -> throw unhashable(dict);
      default -> value;
    };
  }

  private static TemplateError unhashable(Object value) {
    return new TemplateError("unhashable type: '" + Values.typeName(value) + "'");
  }
}
