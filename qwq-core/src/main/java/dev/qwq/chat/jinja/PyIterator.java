package dev.qwq.chat.jinja;

import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A sequence that can be gone through once, as many filters return it.
 *
 * @param name how Python prints it
 */
record PyIterator(String name, Iterator<Object> iterator) {
  static PyIterator generator(String function, Iterator<Object> iterator) {
    return new PyIterator("generator object " + function, iterator);
  }

  static Iterator<Object> map(Iterator<Object> source, Function<Object, Object> function) {
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return source.hasNext();
      }

      @Override
      public Object next() {
        return function.apply(source.next());
      }
    };
  }

  static Iterator<Object> filter(Iterator<Object> source, Predicate<Object> predicate) {
    return new Iterator<>() {
      private @Nullable Object ahead;

      @Override
      public boolean hasNext() {
        while (ahead == null && source.hasNext()) {
          Object item = source.next();
          if (predicate.test(item)) {
            ahead = item;
          }
        }
        return ahead != null;
      }

      @Override
      public Object next() {
        if (!hasNext() || ahead == null) {
          throw new NoSuchElementException();
        }
        Object item = ahead;
        ahead = null;
        return item;
      }
    };
  }
}
