package dev.qwq.grammar;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A JSON array.
 *
 * @param first its first elements
 * @param others every element behind them; null: there is none
 * @param min least number of elements
 * @param max most elements, or {@link Regex#UNBOUNDED}
 */
record ArrayNode(List<Node> first, @Nullable Node others, int min, int max) implements Node {
  ArrayNode {
    first = List.copyOf(first);
  }

  @Override
  public void expand(Frame rest, Follow.Builder follow) {
    JsonSyntax.OPEN_ARRAY.expand(new Frame.InArray(this, 0, rest), follow);
  }

  /** The element with this index, or null if there can be none. */
  @Nullable Node element(int index) {
    if (max != Regex.UNBOUNDED && index >= max) {
      return null;
    }
    return index < first.size() ? first.get(index) : others;
  }

  /** A count above which nothing changes any more, so that places far on are the same place. */
  int capped(int count) {
    return max == Regex.UNBOUNDED
        ? Math.min(count, Math.max(Math.max(first.size(), min), 1))
        : count;
  }

  /** Finds what may come behind {@code count} elements. */
  void expandAfter(int count, Frame rest, Follow.Builder follow) {
    Node element = element(count);
    if (element != null) {
      Frame behind = new Frame.InArray(this, capped(count + 1), rest);
      if (count > 0) {
        JsonSyntax.COMMA.expand(new Frame.Then(element, behind), follow);
      } else {
        element.expand(behind, follow);
      }
    }
    if (count >= min) {
      (count == 0 ? JsonSyntax.CLOSE_EMPTY_ARRAY : JsonSyntax.CLOSE_ARRAY).expand(rest, follow);
    }
  }

  @Override
  public boolean equals(Object other) {
    return this == other;
  }

  @Override
  public int hashCode() {
    return System.identityHashCode(this);
  }
}
