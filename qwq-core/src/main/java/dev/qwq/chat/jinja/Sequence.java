package dev.qwq.chat.jinja;

import java.util.List;

/** A list or a tuple. Templates cannot change either. */
sealed interface Sequence permits PyList, PyTuple {
  List<Object> items();

  /** A sequence of the same kind. */
  Sequence with(List<Object> items);
}
