package dev.qwq.chat.jinja;

import java.util.ArrayList;
import java.util.List;

/** Slices of strings, lists and tuples. */
final class Slices {
  private Slices() {}

  /** Where a slice of a sequence of some length begins, what its step is, and how many it takes. */
  private record Plan(int start, int step, int count) {
    static Plan of(int length, Object start, Object stop, Object step) {
      int by = bound(step, 1);
      if (by == 0) {
        throw new TemplateError("slice step cannot be zero");
      }
      int low = by > 0 ? 0 : -1;
      int high = by > 0 ? length : length - 1;
      int from = clamp(start, by > 0 ? low : high, length, low, high);
      int to = clamp(stop, by > 0 ? high : low, length, low, high);
      long span = by > 0 ? (long) to - from : (long) from - to;
      long size = Math.abs((long) by);
      return new Plan(from, by, span <= 0 ? 0 : (int) ((span + size - 1) / size));
    }

    private static int clamp(Object index, int otherwise, int length, int low, int high) {
      if (index == None.NONE) {
        return otherwise;
      }
      long at = bound(index, 0);
      return (int) Math.clamp(at < 0 ? at + length : at, (long) low, (long) high);
    }

    private static int bound(Object index, int otherwise) {
      if (index == None.NONE) {
        return otherwise;
      }
      if (!Numbers.isInteger(index)) {
        throw new TemplateError(
            "slice indices must be integers or None, found " + Values.typeName(index));
      }
      return Numbers.saturated(index);
    }
  }

  static Object slice(Context context, Object object, Object start, Object stop, Object step) {
    return switch (object) {
      case Text text -> slice(context, text, Plan.of(text.size(), start, stop, step));
      case Sequence sequence ->
          sequence.with(
              slice(sequence.items(), Plan.of(sequence.items().size(), start, stop, step)));
      case PyRange range -> slice(range, Plan.of(range.size(), start, stop, step));
      case Undefined undefined -> throw undefined.error();
      default ->
          throw new TemplateError("'" + Values.typeName(object) + "' object cannot be sliced");
    };
  }

  private static Text slice(Context context, Text text, Plan plan) {
    if (plan.step == 1) {
      return text.substring(
          text.position(plan.count == 0 ? 0 : plan.start),
          text.position(plan.count == 0 ? 0 : plan.start + plan.count));
    }
    boolean simple = text.size() == text.length();
    int[] codePoints = simple ? new int[0] : text.value().codePoints().toArray();
    int[] positions = simple ? codePoints : positions(codePoints);
    TextBuilder out = new TextBuilder(context);
    for (int i = 0; i < plan.count; i++) {
      int index = plan.start + i * plan.step;
      int position = simple ? index : positions[index];
      out.append(simple ? text.value().charAt(index) : codePoints[index], text.ownAt(position));
    }
    return out.toText().withMarkup(text.isMarkup());
  }

  private static int[] positions(int[] codePoints) {
    int[] positions = new int[codePoints.length];
    int at = 0;
    for (int i = 0; i < codePoints.length; i++) {
      positions[i] = at;
      at += Character.charCount(codePoints[i]);
    }
    return positions;
  }

  private static List<Object> slice(List<Object> items, Plan plan) {
    List<Object> slice = new ArrayList<>(plan.count);
    for (int i = 0; i < plan.count; i++) {
      slice.add(items.get(plan.start + i * plan.step));
    }
    return slice;
  }

  private static PyRange slice(PyRange range, Plan plan) {
    long start = range.start() + plan.start * range.step();
    long step = range.step() * plan.step;
    return new PyRange(start, start + plan.count * step, step);
  }
}
