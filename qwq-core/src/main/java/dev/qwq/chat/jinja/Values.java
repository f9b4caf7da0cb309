package dev.qwq.chat.jinja;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;

/** What all values have in Python: a type, a truth, an order, a text. */
final class Values {
  private Values() {}

  static String typeName(Object value) {
    return switch (value) {
      case Text text -> text.isMarkup() ? "Markup" : "str";
      case Boolean b -> "bool";
      case Long l -> "int";
      case BigInteger b -> "int";
      case Double d -> "float";
      case None none -> "NoneType";
      case PyList list -> "list";
      case PyTuple tuple -> "tuple";
      case PyDict dict -> "dict";
      case PyRange range -> "range";
      case PyIterator iterator -> "generator";
      case DictView view -> view.name();
      case Undefined undefined -> "Undefined";
      case Namespace namespace -> "Namespace";
      case Loop loop -> "LoopContext";
      case Macro macro -> "Macro";
      case Cycler cycler -> "Cycler";
      default -> "function";
    };
  }

  static boolean truth(Object value) {
    return switch (value) {
      case Boolean b -> b;
      case Text text -> !text.isEmpty();
      case Long l -> l != 0;
      case BigInteger b -> b.signum() != 0;
      case Double d -> d != 0;
      case None none -> false;
      case Undefined undefined -> false;
      default -> length(value) != 0;
    };
  }

  /** What {@code len} says, or -1 if the value has no length. */
  static int length(Object value) {
    return switch (value) {
      case Text text -> text.size();
      case Sequence sequence -> sequence.items().size();
      case PyDict dict -> dict.size();
      case DictView view -> view.items().size();
      case PyRange range -> range.size();
      case Undefined undefined -> 0;
      case Loop loop ->
          loop.attribute("length") instanceof Long length ? Math.toIntExact(length) : -1;
      default -> -1;
    };
  }

  /** Whether a value can be gone through. */
  static boolean isIterable(Object value) {
    return switch (value) {
      case Text text -> true;
      case Sequence sequence -> true;
      case PyDict dict -> true;
      case DictView view -> true;
      case PyRange range -> true;
      case PyIterator iterator -> true;
      case Undefined undefined -> true;
      default -> false;
    };
  }

  static Iterator<Object> iterate(Context context, Object value) {
    return switch (value) {
      case Sequence sequence -> sequence.items().iterator();
      case PyDict dict -> dict.keys().iterator();
      case DictView view -> view.items().iterator();
      case PyRange range -> range.items().iterator();
      case PyIterator iterator -> iterator.iterator();
      case Text text -> characters(context, text);
      case Undefined undefined -> Collections.emptyIterator();
      default -> throw new TemplateError("'" + typeName(value) + "' object is not iterable");
    };
  }

  /** The elements of a value, at most as many as a list may have. */
  static List<Object> list(Context context, Object value) {
    if (value instanceof Sequence sequence) {
      return sequence.items();
    }
    List<Object> items = new ArrayList<>();
    Iterator<Object> iterator = iterate(context, value);
    while (iterator.hasNext()) {
      context.spend(1);
      items.add(iterator.next());
    }
    return items;
  }

  private static Iterator<Object> characters(Context context, Text text) {
    return new Iterator<>() {
      private int at;

      @Override
      public boolean hasNext() {
        return at < text.length();
      }

      @Override
      public Object next() {
        context.spend(1);
        int from = at;
        at += Character.charCount(text.value().codePointAt(at));
        return text.substring(from, at).withMarkup(false);
      }
    };
  }

  /** What printing a value gives: {@code str(value)}. */
  static Text text(Context context, Object value) {
    return switch (value) {
      case Text text -> text.withMarkup(false);
      case Undefined undefined -> Text.EMPTY;
      default -> Repr.repr(context, value);
    };
  }

  /** As {@link #text}, but HTML stays marked as such. */
  static Text softText(Context context, Object value) {
    return value instanceof Text text ? text : text(context, value);
  }

  static Object call(Context context, Object function, Args args) {
    return switch (function) {
      case Callable callable -> callable.call(context, args);
      case Undefined undefined -> throw undefined.error();
      default -> throw new TemplateError("'" + typeName(function) + "' object is not callable");
    };
  }

  // One object equals itself without a look inside, except NaN: so Python compares elements.
  @SuppressWarnings("ReferenceEquality")
  static boolean equal(Context context, Object a, Object b) {
    context.step();
    if (a == b) {
      return !(a instanceof Double d) || !d.isNaN();
    }
    if (Numbers.isNumber(a) && Numbers.isNumber(b)) {
      return Numbers.equal(a, b);
    }
    return switch (a) {
      case Text text -> {
        boolean compared = b instanceof Text other && other.length() == text.length();
        context.spend(compared ? text.length() : 0);
        yield compared && text.equals(b);
      }
      case PyList list -> b instanceof PyList other && equal(context, list.items(), other.items());
      case PyTuple tuple ->
          b instanceof PyTuple other && equal(context, tuple.items(), other.items());
      case PyDict dict -> b instanceof PyDict other && equal(context, dict, other);
      case PyRange range ->
          b instanceof PyRange other && equal(context, range.items(), other.items());
      case DictView view ->
          b instanceof DictView other
              && !view.name().equals("dict_values")
              && view.items().size() == other.items().size()
              && view.items().stream().allMatch(i -> contains(context, other.items(), i));
      case Undefined undefined -> b instanceof Undefined;
      default -> false;
    };
  }

  private static boolean equal(Context context, List<Object> a, List<Object> b) {
    if (a.size() != b.size()) {
      return false;
    }
    context.enter();
    try {
      for (int i = 0; i < a.size(); i++) {
        if (!equal(context, a.get(i), b.get(i))) {
          return false;
        }
      }
      return true;
    } finally {
      context.leave();
    }
  }

  private static boolean equal(Context context, PyDict a, PyDict b) {
    if (a.size() != b.size()) {
      return false;
    }
    context.enter();
    try {
      for (PyDict.Entry entry : a.entries()) {
        Object other = b.get(context, entry.key());
        if (other == null || !equal(context, entry.value(), other)) {
          return false;
        }
      }
      return true;
    } finally {
      context.leave();
    }
  }

  private static boolean contains(Context context, List<Object> items, Object wanted) {
    for (Object item : items) {
      if (equal(context, item, wanted)) {
        return true;
      }
    }
    return false;
  }

  /** {@code item in container}. */
  static boolean contains(Context context, Object container, Object item) {
    return switch (container) {
      case Text text -> {
        if (!(item instanceof Text wanted)) {
          throw new TemplateError(
              "'in <string>' requires string as left operand, not " + typeName(item));
        }
        context.spend(text.length());
        yield Search.indexOf(text.value(), wanted.value(), 0) >= 0;
      }
      case PyDict dict -> dict.get(context, item) != null;
      case Sequence sequence -> contains(context, sequence.items(), item);
      case PyRange range -> contains(context, range.items(), item);
      case DictView view -> contains(context, view.items(), item);
      case Undefined undefined -> false;
      case PyIterator iterator -> {
        while (iterator.iterator().hasNext()) {
          if (equal(context, iterator.iterator().next(), item)) {
            yield true;
          }
        }
        yield false;
      }
      default ->
          throw new TemplateError("argument of type '" + typeName(container) + "' is not iterable");
    };
  }
}
