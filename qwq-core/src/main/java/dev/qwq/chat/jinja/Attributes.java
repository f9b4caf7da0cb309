package dev.qwq.chat.jinja;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * {@code a.b} and {@code a['b']}: the former tries the attribute first, the latter the item, as
 * jinja2 does. What changes a list or dict is out of reach.
 */
final class Attributes {
  private static final Set<String> DICT_CHANGES =
      Set.of("clear", "pop", "popitem", "setdefault", "update");
  private static final Set<String> LIST_CHANGES =
      Set.of("append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort");

  private Attributes() {}

  static Object attribute(Context context, Object object, String name) {
    if (object instanceof Undefined undefined) {
      throw undefined.error();
    }
    Object value = find(object, name);
    if (value == null) {
      value = findItem(context, object, Text.own(name));
    }
    return value == null ? Undefined.attribute(object, name) : value;
  }

  static Object item(Context context, Object object, Object key) {
    if (object instanceof Undefined undefined) {
      throw undefined.error();
    }
    Object value = findItem(context, object, key);
    if (value == null && key instanceof Text name) {
      value = find(object, name.value());
      return value == null ? Undefined.attribute(object, name.value()) : value;
    }
    return value == null ? Undefined.element(object, key) : value;
  }

  /** Only the attribute, never the item; null if there is none. */
  static @Nullable Object find(Object object, String name) {
    if (name.startsWith("__") && name.endsWith("__")) {
      return Undefined.unsafe(object, name);
    }
    return switch (object) {
      case Text text -> StringMethods.find(text, name);
      case PyDict dict ->
          DICT_CHANGES.contains(name) ? Undefined.unsafe(dict, name) : DictMethods.find(dict, name);
      case PyList list ->
          LIST_CHANGES.contains(name)
              ? Undefined.unsafe(list, name)
              : sequenceMethod(list.items(), name);
      case PyTuple tuple -> group(tuple, name);
      case Namespace namespace -> namespaceAttribute(namespace, name);
      case Loop loop -> loop.attribute(name);
      case Cycler cycler -> cycler.attribute(name);
      case Macro macro -> macroAttribute(macro, name);
      case PyRange range -> rangeAttribute(range, name);
      default -> null;
    };
  }

  private static @Nullable Object namespaceAttribute(Namespace namespace, String name) {
    Object value = namespace.attributes.get(name);
    return value != null && name.startsWith("_") ? Undefined.unsafe(namespace, name) : value;
  }

  private static @Nullable Object group(PyTuple tuple, String name) {
    if (tuple.isGroup() && name.equals("grouper")) {
      return tuple.items().get(0);
    }
    if (tuple.isGroup() && name.equals("list")) {
      return tuple.items().get(1);
    }
    return sequenceMethod(tuple.items(), name);
  }

  private static @Nullable Object sequenceMethod(List<Object> items, String name) {
    return switch (name) {
      case "index" -> (Callable) (context, args) -> index(context, items, args);
      case "count" ->
          (Callable)
              (context, args) -> {
                Object wanted = args.bind("count", 1, "value").get(0);
                return items.stream().filter(i -> Values.equal(context, i, wanted)).count();
              };
      case "copy" -> (Callable) (context, args) -> new PyList(items);
      default -> null;
    };
  }

  private static Object index(Context context, List<Object> items, Args args) {
    Args.Bound bound = args.bind("index", 1, "value", "start", "stop");
    int start = bound.integer(1, 0);
    int stop = bound.integer(2, items.size());
    int from = start < 0 ? Math.max(0, start + items.size()) : start;
    int to = Math.min(stop < 0 ? stop + items.size() : stop, items.size());
    for (int i = from; i < to; i++) {
      if (Values.equal(context, items.get(i), bound.get(0))) {
        return (long) i;
      }
    }
    throw new TemplateError(Repr.shortened(bound.get(0)) + " is not in the list");
  }

  private static @Nullable Object macroAttribute(Macro macro, String name) {
    return switch (name) {
      case "name" -> Text.own(macro.name());
      case "arguments" -> macro.arguments();
      case "caller" -> macro.usesCaller();
      case "catch_kwargs" -> macro.usesKwargs();
      case "catch_varargs" -> macro.usesVarargs();
      default -> null;
    };
  }

  private static @Nullable Object rangeAttribute(PyRange range, String name) {
    return switch (name) {
      case "start" -> range.start();
      case "stop" -> range.stop();
      case "step" -> range.step();
      default -> sequenceMethod(range.items(), name);
    };
  }

  private static @Nullable Object findItem(Context context, Object object, Object key) {
    return switch (object) {
      case PyDict dict ->
          key instanceof PyList || key instanceof PyDict ? null : dict.get(context, key);
      case Sequence sequence -> at(sequence.items(), key);
      case PyRange range -> at(range.items(), key);
      case Text text -> {
        int index = indexOf(key, text.size());
        yield index < 0 ? null : text.substring(text.position(index), text.position(index + 1));
      }
      default -> null;
    };
  }

  private static @Nullable Object at(List<Object> items, Object key) {
    int index = indexOf(key, items.size());
    return index < 0 ? null : items.get(index);
  }

  /** The place an index stands for, or -1 if there is no such place. */
  private static int indexOf(Object key, int size) {
    if (!Numbers.isInteger(key)) {
      return -1;
    }
    long index = Numbers.saturated(key);
    long place = index < 0 ? index + size : index;
    return place < size ? (int) Math.max(place, -1) : -1;
  }
}
