package dev.qwq.chat.jinja;

import java.util.List;

/** Python's {@code list}. */
record PyList(List<Object> items) implements Sequence {
  @Override
  public PyList with(List<Object> other) {
    return new PyList(other);
  }
}
