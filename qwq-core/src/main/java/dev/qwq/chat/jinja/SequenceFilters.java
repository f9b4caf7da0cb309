package dev.qwq.chat.jinja;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** Filters for lists, dicts and all that can be gone through. */
final class SequenceFilters {
  private SequenceFilters() {}

  static void addTo(Map<String, Filters.Filter> all) {
    all.put("length", (c, value, args) -> length(value));
    all.put("count", (c, value, args) -> length(value));
    all.put("first", SequenceFilters::first);
    all.put("last", SequenceFilters::last);
    all.put("list", (c, value, args) -> new PyList(Values.list(c, value)));
    all.put("items", SequenceFilters::items);
    all.put("join", SequenceFilters::join);
    all.put("reverse", SequenceFilters::reverse);
    all.put("sort", SequenceFilters::sort);
    all.put("dictsort", SequenceFilters::dictSort);
    all.put("unique", SequenceFilters::unique);
    all.put("min", (c, value, args) -> extreme(c, value, args, "min"));
    all.put("max", (c, value, args) -> extreme(c, value, args, "max"));
    all.put("sum", SequenceFilters::sum);
    all.put("batch", SequenceFilters::batch);
    all.put("slice", SequenceFilters::slice);
    all.put("groupby", SequenceFilters::groupBy);
  }

  private static Object length(Object value) {
    int length = Values.length(value);
    if (length < 0) {
      throw new TemplateError("object of type '" + Values.typeName(value) + "' has no len()");
    }
    return (long) length;
  }

  private static Object first(Context context, Object value, Args args) {
    Iterator<Object> items = Values.iterate(context, value);
    return items.hasNext() ? items.next() : new Undefined("No first item, sequence was empty.");
  }

  private static Object last(Context context, Object value, Args args) {
    if (value instanceof PyIterator || !Values.isIterable(value)) {
      throw new TemplateError("'" + Values.typeName(value) + "' object is not reversible");
    }
    if (value instanceof Text text && !text.isEmpty()) {
      return text.substring(text.value().offsetByCodePoints(text.length(), -1));
    }
    List<Object> items = Values.list(context, value);
    return items.isEmpty() ? new Undefined("No last item, sequence was empty.") : items.getLast();
  }

  private static Object items(Context context, Object value, Args args) {
    return switch (value) {
      case Undefined undefined -> PyIterator.generator("do_items", List.of().iterator());
      case PyDict dict -> PyIterator.generator("do_items", dict.pairs().iterator());
      default -> throw new TemplateError("Can only get item pairs from a mapping.");
    };
  }

  private static Object join(Context context, Object value, Args args) {
    Args.Bound bound = args.bind("join", 0, "d", "attribute");
    Text separator = Values.text(context, bound.get(0, Text.EMPTY));
    Function<Object, Object> getter = Paths.getter(context, bound.get(1), null);
    TextBuilder out = new TextBuilder(context);
    boolean later = false;
    Iterator<Object> items = Values.iterate(context, value);
    while (items.hasNext()) {
      context.step();
      if (later) {
        out.append(separator);
      }
      later = true;
      out.append(Values.text(context, getter.apply(items.next())));
    }
    return out.toText();
  }

  private static Object reverse(Context context, Object value, Args args) {
    if (value instanceof Text text) {
      return Slices.slice(context, text, None.NONE, None.NONE, -1L);
    }
    if (!Values.isIterable(value)) {
      throw new TemplateError("argument must be iterable");
    }
    List<Object> reversed = Values.list(context, value).reversed();
    return value instanceof PyIterator
        ? new PyList(reversed)
        : new PyIterator(Values.typeName(value) + "_reverseiterator object", reversed.iterator());
  }

  private static Object sort(Context context, Object value, Args args) {
    Args.Bound bound = args.bind("sort", 0, "reverse", "case_sensitive", "attribute");
    return new PyList(
        Sorting.sorted(
            context,
            Values.list(context, value),
            Paths.getters(context, bound.get(2), bound.flag(1)),
            bound.flag(0)));
  }

  private static Object dictSort(Context context, Object value, Args args) {
    Args.Bound bound = args.bind("dictsort", 0, "case_sensitive", "by", "reverse");
    if (!(value instanceof PyDict dict)) {
      throw new TemplateError("dictsort: expected dict, found " + Values.typeName(value));
    }
    String by = bound.has(1) ? bound.text(1).value() : "key";
    if (!by.equals("key") && !by.equals("value")) {
      throw new TemplateError("You can only sort by either \"key\" or \"value\"");
    }
    Object index = by.equals("key") ? 0L : 1L;
    return new PyList(
        Sorting.sorted(
            context,
            dict.pairs(),
            Paths.folding(Paths.getter(context, index, null), bound.flag(0)),
            bound.flag(2)));
  }

  private static Object unique(Context context, Object value, Args args) {
    Args.Bound bound = args.bind("unique", 0, "case_sensitive", "attribute");
    Function<Object, Object> key =
        Paths.folding(Paths.getter(context, bound.get(1), null), bound.flag(0));
    Set<Object> seen = new HashSet<>();
    return PyIterator.generator(
        "sync_do_unique",
        PyIterator.filter(
            Values.iterate(context, value),
            item -> seen.add(PyDict.hashable(context, key.apply(item)))));
  }

  private static Object extreme(Context context, Object value, Args args, String name) {
    Args.Bound bound = args.bind(name, 0, "case_sensitive", "attribute");
    Function<Object, Object> getter =
        Paths.folding(Paths.getter(context, bound.get(1), null), bound.flag(0));
    Iterator<Object> items = Values.iterate(context, value);
    if (!items.hasNext()) {
      return new Undefined("No aggregated item, sequence was empty.");
    }
    Object best = items.next();
    Object bestKey = getter.apply(best);
    while (items.hasNext()) {
      Object item = items.next();
      Object key = getter.apply(item);
      boolean better =
          name.equals("min")
              ? Operators.less(context, key, bestKey)
              : Operators.less(context, bestKey, key);
      if (better) {
        best = item;
        bestKey = key;
      }
    }
    return best;
  }

  private static Object sum(Context context, Object value, Args args) {
    Args.Bound bound = args.bind("sum", 0, "attribute", "start");
    Function<Object, Object> getter = Paths.getter(context, bound.get(0), null);
    Object sum = bound.get(1, 0L);
    if (sum instanceof Text) {
      throw new TemplateError("sum() can't sum strings [use ''.join(seq) instead]");
    }
    Iterator<Object> items = Values.iterate(context, value);
    while (items.hasNext()) {
      sum = context.charge(Operators.add(context, sum, getter.apply(items.next())));
    }
    return sum;
  }

  private static Object batch(Context context, Object value, Args args) {
    Args.Bound bound = args.bind("batch", 1, "linecount", "fill_with");
    int size = bound.integer(0, 0);
    List<Object> batches = new ArrayList<>();
    List<Object> batch = new ArrayList<>();
    for (Object item : Values.list(context, value)) {
      if (batch.size() == size) {
        batches.add(new PyList(batch));
        batch = new ArrayList<>();
      }
      batch.add(item);
    }
    if (!batch.isEmpty()) {
      Object fill = bound.some(1);
      if (fill != null && batch.size() < size) {
        context.checkElements(size);
        context.spend(size);
        while (batch.size() < size) {
          batch.add(fill);
        }
      }
      batches.add(new PyList(batch));
    }
    return PyIterator.generator("do_batch", batches.iterator());
  }

  private static Object slice(Context context, Object value, Args args) {
    Args.Bound bound = args.bind("slice", 1, "slices", "fill_with");
    List<Object> items = Values.list(context, value);
    int count = bound.integer(0, 0);
    if (count == 0) {
      throw new TemplateError("slice: division by zero");
    }
    context.checkElements(count);
    Object fill = bound.some(1);
    List<Object> slices = new ArrayList<>();
    int begin = 0;
    for (int i = 0; i < count; i++) {
      context.spend(1);
      boolean extra = i < Math.floorMod(items.size(), count);
      int end = begin + items.size() / count + (extra ? 1 : 0);
      List<Object> slice = new ArrayList<>(items.subList(begin, end));
      if (fill != null && !extra) {
        slice.add(fill);
      }
      slices.add(new PyList(slice));
      begin = end;
    }
    return PyIterator.generator("sync_do_slice", slices.iterator());
  }

  private static Object groupBy(Context context, Object value, Args args) {
    Args.Bound bound = args.bind("groupby", 1, "attribute", "default", "case_sensitive");
    Function<Object, Object> getter = Paths.getter(context, bound.get(0), bound.some(1));
    Function<Object, Object> key = Paths.folding(getter, bound.flag(2));
    List<Object> groups = new ArrayList<>();
    List<Object> group = new ArrayList<>();
    for (Object item : Sorting.sorted(context, Values.list(context, value), key, false)) {
      boolean same =
          group.isEmpty() || Values.equal(context, key.apply(group.getFirst()), key.apply(item));
      if (!same) {
        groups.add(group(getter, group));
        group = new ArrayList<>();
      }
      group.add(item);
    }
    if (!group.isEmpty()) {
      groups.add(group(getter, group));
    }
    return new PyList(groups);
  }

  private static PyTuple group(Function<Object, Object> getter, List<Object> items) {
    return new PyTuple(List.of(getter.apply(items.getFirst()), new PyList(items)), true);
  }
}
