package dev.qwq.chat.jinja;

import java.util.Arrays;
import java.util.Locale;
import java.util.function.UnaryOperator;

/**
 * A string and where it comes from: some ranges of it are the template's own text, the rest was
 * brought in by variables. Operations keep the origin of every character; one that cannot say it
 * calls its result foreign.
 *
 * <p>Positions are in UTF-16 units unless they are called indices, which count code points as
 * Python does. Two texts are equal if their characters are.
 */
public final class Text implements Comparable<Text> {
  private static final int[] NOTHING = {};
  static final Text EMPTY = new Text("", NOTHING, false);

  private final String value;
  private final int[] own; // ascending begin, end pairs; they neither overlap nor touch
  private final boolean markup;
  private int codePoints = -1; // computed on demand; a race only computes it twice

  Text(String value, int[] own, boolean markup) {
    this.value = value;
    this.own = own;
    this.markup = markup;
  }

  /** Text that the template wrote. */
  public static Text own(String value) {
    return of(value, true);
  }

  /** Text that came from elsewhere. */
  public static Text foreign(String value) {
    return of(value, false);
  }

  static Text of(String value, boolean own) {
    return value.isEmpty()
        ? EMPTY
        : new Text(value, own ? new int[] {0, value.length()} : NOTHING, false);
  }

  /** The characters. */
  public String value() {
    return value;
  }

  /** The template's own parts: ascending pairs of begin and end that do not touch. */
  public int[] ownRanges() {
    return own.clone();
  }

  /** Whether all of it is the template's own. */
  boolean isOwn() {
    return value.isEmpty() || own.length == 2 && own[0] == 0 && own[1] == value.length();
  }

  boolean isForeign() {
    return own.length == 0;
  }

  /** Whether it counts as HTML already ({@code safe}, {@code escape}). */
  boolean isMarkup() {
    return markup;
  }

  Text withMarkup(boolean wanted) {
    return markup == wanted ? this : new Text(value, own, wanted);
  }

  boolean isEmpty() {
    return value.isEmpty();
  }

  /** Length in UTF-16 units. */
  int length() {
    return value.length();
  }

  /** Length in code points. */
  int size() {
    int size = codePoints;
    if (size < 0) {
      size = value.codePointCount(0, value.length());
      codePoints = size;
    }
    return size;
  }

  /** The position of the code point with an index between 0 and {@link #size()}. */
  int position(int index) {
    return size() == value.length() ? index : value.offsetByCodePoints(0, index);
  }

  /** The index of the code point at a position. */
  int index(int position) {
    return size() == value.length() ? position : value.codePointCount(0, position);
  }

  boolean ownAt(int position) {
    int at = Arrays.binarySearch(own, position);
    // Found at an even place: the begin of a range. Otherwise inside if an odd number lies before.
    return at >= 0 ? (at & 1) == 0 : (-at - 1 & 1) == 1;
  }

  /** The first range that ends after a position, as an offset into the pairs. */
  private int rangeAfter(int position) {
    int at = Arrays.binarySearch(own, position);
    if (at < 0) {
      return -at - 1 & ~1;
    }
    return (at & 1) == 0 ? at : at + 1;
  }

  /** Cuts a part out, by positions. */
  Text substring(int from, int to) {
    if (from == 0 && to == value.length()) {
      return this;
    }
    if (from >= to) {
      return markup ? EMPTY.withMarkup(true) : EMPTY;
    }
    String part = value.substring(from, to);
    if (own.length == 0) {
      return new Text(part, NOTHING, markup);
    }
    int first = rangeAfter(from);
    int last = first;
    while (last < own.length && own[last] < to) {
      last += 2;
    }
    int[] ranges = new int[last - first];
    for (int i = first; i < last; i += 2) {
      ranges[i - first] = Math.max(own[i], from) - from;
      ranges[i - first + 1] = Math.min(own[i + 1], to) - from;
    }
    return new Text(part, ranges, markup);
  }

  Text substring(int from) {
    return substring(from, value.length());
  }

  /** Hands the own parts of {@code [from, to)} to a builder, moved by {@code shift}. */
  void copyRanges(int from, int to, int shift, TextBuilder builder) {
    for (int i = rangeAfter(from); i < own.length && own[i] < to; i += 2) {
      builder.addOwn(Math.max(own[i], from) + shift, Math.min(own[i + 1], to) + shift);
    }
  }

  /**
   * Applies a function that maps parts of a text independently of each other, as upper case does.
   */
  Text map(UnaryOperator<String> function) {
    String mapped = function.apply(value);
    if (own.length == 0 || isOwn()) {
      return of(mapped, !isForeign()).withMarkup(markup);
    }
    StringBuilder check = new StringBuilder(mapped.length());
    int[] ranges = new int[own.length];
    int done = 0;
    for (int i = 0; i < own.length; i++) {
      check.append(function.apply(value.substring(done, own[i])));
      ranges[i] = check.length();
      done = own[i];
    }
    check.append(function.apply(value.substring(done)));
    boolean independent = mapped.contentEquals(check);
    return new Text(mapped, independent ? ranges : NOTHING, markup);
  }

  Text lower() {
    return map(s -> s.toLowerCase(Locale.ROOT));
  }

  Text upper() {
    return map(s -> s.toUpperCase(Locale.ROOT));
  }

  /** Compares by code points, as Python does. */
  @Override
  public int compareTo(Text other) {
    String a = value;
    String b = other.value;
    int length = Math.min(a.length(), b.length());
    for (int i = 0; i < length; i++) {
      char x = a.charAt(i);
      char y = b.charAt(i);
      if (x != y) {
        // Surrogates stand for code points above all others of 16 bits.
        boolean high = Character.isSurrogate(x);
        return high == Character.isSurrogate(y) ? Character.compare(x, y) : high ? 1 : -1;
      }
    }
    return Integer.compare(a.length(), b.length());
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Text text && value.equals(text.value);
  }

  @Override
  public int hashCode() {
    return value.hashCode();
  }

  @Override
  public String toString() {
    return value;
  }
}
