package dev.qwq.chat.jinja;

import java.util.AbstractList;
import java.util.List;

/** Python's {@code range}. */
record PyRange(long start, long stop, long step) {
  /** Makes a range of at most {@link Context#MAX_RANGE} numbers. */
  static PyRange of(long start, long stop, long step) {
    if (step == 0) {
      throw new TemplateError("range() arg 3 must not be zero");
    }
    // In double, because the difference of two longs may overflow.
    double length = Math.ceil(((double) stop - (double) start) / step);
    if (length > Context.MAX_RANGE) {
      throw new TemplateError("range limit exceeded: more than " + Context.MAX_RANGE + " numbers");
    }
    return new PyRange(start, stop, step);
  }

  int size() {
    return (int) Math.max(0, Math.ceil(((double) stop - (double) start) / step));
  }

  List<Object> items() {
    int size = size();
    return new AbstractList<>() {
      @Override
      public Object get(int index) {
        return start + index * step;
      }

      @Override
      public int size() {
        return size;
      }
    };
  }

  String repr() {
    return "range(" + start + ", " + stop + (step == 1 ? "" : ", " + step) + ")";
  }
}
