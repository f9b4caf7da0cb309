package dev.qwq.grammar;

import java.util.List;

/**
 * A JSON object: its properties in this order, those that are not required may be left out, then
 * further ones.
 *
 * @param properties in the order they are written in
 * @param further properties whose names are not given
 * @param min least number of properties
 * @param max most properties, or {@link Regex#UNBOUNDED}
 */
record ObjectNode(List<Property> properties, List<Further> further, int min, int max)
    implements Node {
  /**
   * A property.
   *
   * @param opening its key where it is the first
   * @param next comma and key where it is not
   */
  record Property(String name, Terminal opening, Terminal next, Node value, boolean required) {
    static Property of(String name, Node value, boolean required) {
      return new Property(
          name, JsonSyntax.key(name, false), JsonSyntax.key(name, true), value, required);
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

  /**
   * Properties of many names.
   *
   * @param key the names, as JSON strings
   */
  record Further(Terminal key, Node value) {}

  ObjectNode {
    properties = List.copyOf(properties);
    further = List.copyOf(further);
  }

  @Override
  public void expand(Frame rest, Follow.Builder follow) {
    JsonSyntax.OPEN_OBJECT.expand(new Frame.InObject(this, 0, 0, 0, rest), follow);
  }

  /** How many of the properties from an index on must still come. */
  private int requiredFrom(int index) {
    int count = 0;
    for (int i = index; i < properties.size(); i++) {
      count += properties.get(i).required ? 1 : 0;
    }
    return count;
  }

  /** Whether an object can still be completed. */
  boolean canEnd(int index, int named, int others) {
    // Two further properties may have one name, so only one of them counts for certain.
    int atMost = named + properties.size() - index + (further.isEmpty() ? 0 : 1);
    return (max == Regex.UNBOUNDED || named + others + requiredFrom(index) <= max)
        && Math.min(atMost, max == Regex.UNBOUNDED ? atMost : max) >= min;
  }

  /** A count of further properties above which nothing changes any more. */
  private int cappedOthers(int others) {
    return max == Regex.UNBOUNDED ? Math.min(others, 1) : others;
  }

  /** A count of named properties above which nothing changes any more. */
  private int cappedNamed(int named) {
    return max == Regex.UNBOUNDED ? Math.min(named, Math.max(min, 1)) : named;
  }

  /**
   * Finds what may come.
   *
   * @param index the next property that may be written
   * @param named how many of the properties were written
   * @param others how many further ones
   */
  void expandAfter(int index, int named, int others, Frame rest, Follow.Builder follow) {
    boolean first = named + others == 0;
    boolean mayEnd = true;
    for (int i = index; i < properties.size() && mayEnd; i++) {
      Property property = properties.get(i);
      if (canEnd(i + 1, named + 1, others)) {
        Frame behind = new Frame.InObject(this, i + 1, cappedNamed(named + 1), others, rest);
        (first ? property.opening : property.next)
            .expand(new Frame.Then(property.value, behind), follow);
      }
      mayEnd = !property.required;
    }
    if (!mayEnd) {
      return;
    }
    int end = properties.size();
    for (Further other : further) {
      if (canEnd(end, named, others + 1)) {
        Frame behind = new Frame.InObject(this, end, named, cappedOthers(others + 1), rest);
        Frame value = new Frame.Then(other.value, behind);
        Frame key = new Frame.Then(JsonSyntax.AFTER_KEY, value);
        if (first) {
          other.key.expand(key, follow);
        } else {
          JsonSyntax.COMMA.expand(new Frame.Then(other.key, key), follow);
        }
      }
    }
    if (named + Math.min(others, 1) >= min) {
      (first ? JsonSyntax.CLOSE_EMPTY_OBJECT : JsonSyntax.CLOSE_OBJECT).expand(rest, follow);
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
