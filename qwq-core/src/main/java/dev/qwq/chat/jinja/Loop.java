package dev.qwq.chat.jinja;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The variable {@code loop}. Looks ahead only when asked to, as jinja2 does. */
final class Loop implements Callable {
  private final Context context;
  private final int depth0;
  private Iterator<Object> items;
  private int knownLength; // -1 if that takes going through all items
  private int index0 = -1;
  private @Nullable Object before;
  private @Nullable Object current;
  private @Nullable Object after; // read ahead
  private @Nullable List<Object> changed;
  private @Nullable Function<Object, Object> recursion;

  private Loop(Context context, Iterator<Object> items, int length, int depth0) {
    this.context = context;
    this.items = items;
    knownLength = length;
    this.depth0 = depth0;
  }

  static Loop over(Context context, Object values, @Nullable Loop outer) {
    int length = Values.length(values);
    return new Loop(
        context, Values.iterate(context, values), length, outer == null ? 0 : outer.depth0 + 1);
  }

  void filter(Predicate<Object> predicate) {
    items = PyIterator.filter(items, predicate);
    knownLength = -1;
  }

  /** Makes the loop callable with the values to go through one level deeper. */
  void callable(Function<Object, Object> function) {
    recursion = function;
  }

  boolean advance() {
    Object next = peek();
    if (next == null) {
      return false;
    }
    after = null;
    before = current;
    current = next;
    index0++;
    return true;
  }

  Object current() {
    return current == null ? None.NONE : current;
  }

  private @Nullable Object peek() {
    if (after == null && items.hasNext()) {
      after = items.next();
    }
    return after;
  }

  private int length() {
    if (knownLength < 0) {
      List<Object> rest = new ArrayList<>();
      items.forEachRemaining(
          item -> {
            context.spend(1);
            rest.add(item);
          });
      knownLength = index0 + 1 + (after == null ? 0 : 1) + rest.size();
      items = rest.iterator();
    }
    return knownLength;
  }

  /** An attribute, or null if there is none of that name. */
  @Nullable Object attribute(String name) {
    return switch (name) {
      case "index" -> index0 + 1L;
      case "index0" -> (long) index0;
      case "first" -> index0 == 0;
      case "last" -> peek() == null;
      case "length" -> (long) length();
      case "revindex" -> (long) length() - index0;
      case "revindex0" -> (long) length() - index0 - 1;
      case "depth" -> depth0 + 1L;
      case "depth0" -> (long) depth0;
      case "previtem" -> before == null ? new Undefined("there is no previous item") : before;
      case "nextitem" -> {
        Object next = peek();
        yield next == null ? new Undefined("there is no next item") : next;
      }
      case "cycle" -> (Callable) (c, args) -> cycle(args);
      case "changed" -> (Callable) (c, args) -> changed(args);
      default -> null;
    };
  }

  private Object cycle(Args args) {
    if (args.positional().isEmpty()) {
      throw new TemplateError("loop.cycle(): expected at least one value, found none");
    }
    return args.positional().get(index0 % args.positional().size());
  }

  private boolean changed(Args args) {
    List<Object> last = changed;
    changed = args.positional();
    return last == null
        || !Values.equal(context, new PyTuple(last), new PyTuple(args.positional()));
  }

  @Override
  public Object call(Context ignored, Args args) {
    if (recursion == null) {
      throw new TemplateError("only a loop marked 'recursive' can be called");
    }
    return recursion.apply(args.bind("loop", 1, "iterable").get(0));
  }

  @Override
  public String toString() {
    return "<LoopContext " + (index0 + 1) + "/" + length() + ">";
  }
}
