package dev.qwq.chat.jinja;

import java.util.List;

/**
 * Python's {@code tuple}.
 *
 * @param isGroup whether the two items are also called {@code grouper} and {@code list}
 */
record PyTuple(List<Object> items, boolean isGroup) implements Sequence {
  PyTuple(List<Object> items) {
    this(items, false);
  }

  static PyTuple of(Object... items) {
    return new PyTuple(List.of(items));
  }

  @Override
  public PyTuple with(List<Object> other) {
    return new PyTuple(other);
  }
}
