package dev.qwq.grammar;

import org.jspecify.annotations.Nullable;

/** What comes after the part being written: a stack of open parts. Immutable. */
abstract sealed class Frame {
  /** Nothing comes after it. */
  static final Frame END = new End();

  private final int hash;
  private final @Nullable Frame rest;
  private @Nullable Follow follow;

  private Frame(int hash, @Nullable Frame rest) {
    this.hash = rest == null ? hash : 31 * hash + rest.hash;
    this.rest = rest;
  }

  /** Where texts go on when the part being written has ended. */
  final Follow follow() {
    Follow known = follow;
    if (known == null) {
      Follow.Builder builder = new Follow.Builder();
      expand(builder);
      known = builder.build();
      follow = known;
    }
    return known;
  }

  abstract void expand(Follow.Builder builder);

  /** Compares what is on top only. */
  abstract boolean sameTop(Frame other);

  final Frame rest() {
    return rest == null ? END : rest;
  }

  @Override
  public final boolean equals(@Nullable Object other) {
    if (!(other instanceof Frame)) {
      return false;
    }
    Frame one = this;
    Frame two = (Frame) other;
    while (one != two) {
      if (one.hash != two.hash || !one.sameTop(two)) {
        return false;
      }
      if (one == END || two == END) {
        return false;
      }
      one = one.rest();
      two = two.rest();
    }
    return true;
  }

  @Override
  public final int hashCode() {
    return hash;
  }

  private static final class End extends Frame {
    End() {
      super(1, null);
    }

    @Override
    void expand(Follow.Builder builder) {
      builder.end();
    }

    @Override
    boolean sameTop(Frame other) {
      return other instanceof End;
    }
  }

  /** Another part. */
  static final class Then extends Frame {
    private final Node node;

    Then(Node node, Frame rest) {
      super(node.hashCode(), rest);
      this.node = node;
    }

    @Override
    void expand(Follow.Builder builder) {
      node.expand(rest(), builder);
    }

    @Override
    boolean sameTop(Frame other) {
      return other instanceof Then then && node.equals(then.node);
    }
  }

  /** More elements of an array, or its end. */
  static final class InArray extends Frame {
    private final ArrayNode array;
    private final int count;

    InArray(ArrayNode array, int count, Frame rest) {
      super(array.hashCode() + 7 * count, rest);
      this.array = array;
      this.count = count;
    }

    @Override
    void expand(Follow.Builder builder) {
      array.expandAfter(count, rest(), builder);
    }

    @Override
    boolean sameTop(Frame other) {
      return other instanceof InArray in && array.equals(in.array) && count == in.count;
    }
  }

  /** More properties of an object, or its end. */
  static final class InObject extends Frame {
    private final ObjectNode object;
    private final int index;
    private final int named;
    private final int others;

    InObject(ObjectNode object, int index, int named, int others, Frame rest) {
      super(object.hashCode() + 7 * index + 31 * named + 131 * others, rest);
      this.object = object;
      this.index = index;
      this.named = named;
      this.others = others;
    }

    @Override
    void expand(Follow.Builder builder) {
      object.expandAfter(index, named, others, rest(), builder);
    }

    @Override
    boolean sameTop(Frame other) {
      return other instanceof InObject in
          && object.equals(in.object)
          && index == in.index
          && named == in.named
          && others == in.others;
    }
  }
}
