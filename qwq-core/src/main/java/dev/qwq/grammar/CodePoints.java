package dev.qwq.grammar;

import java.util.Arrays;
import java.util.Objects;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/** A set of Unicode code points; surrogates are none. Immutable. */
final class CodePoints {
  /** The empty set. */
  static final CodePoints NONE = new CodePoints(new int[0]);

  /** Everything UTF-8 can encode. */
  static final CodePoints ALL = of(0, 0xD7FF, 0xE000, Character.MAX_CODE_POINT);

  // First and last of each range, ascending, no two ranges touching.
  private final int[] bounds;
  private @Nullable Utf8Shape shape;

  private CodePoints(int[] bounds) {
    this.bounds = bounds;
  }

  /**
   * Makes a set of ranges.
   *
   * @param firstLast first and last code point of each range, in any order, overlapping or not
   */
  static CodePoints of(int... firstLast) {
    long[] ranges = new long[firstLast.length / 2];
    for (int i = 0; i < ranges.length; i++) {
      ranges[i] = ((long) firstLast[2 * i] << 32) | firstLast[2 * i + 1];
    }
    Arrays.sort(ranges);
    int[] merged = new int[firstLast.length];
    int length = 0;
    for (long range : ranges) {
      int first = (int) (range >> 32);
      int last = (int) range;
      if (length > 0 && first <= merged[length - 1] + 1) {
        merged[length - 1] = Math.max(merged[length - 1], last);
      } else {
        merged[length++] = first;
        merged[length++] = last;
      }
    }
    return new CodePoints(Arrays.copyOf(merged, length));
  }

  /** Makes a set of one. */
  static CodePoints single(int codePoint) {
    return of(codePoint, codePoint);
  }

  /** Makes the set of the characters of a text. */
  static CodePoints ofChars(String chars) {
    return of(chars.codePoints().flatMap(c -> Arrays.stream(new int[] {c, c})).toArray());
  }

  /** Makes the set of all code points that a predicate holds for. */
  static CodePoints where(IntPredicate predicate) {
    int[] found = new int[256];
    int length = 0;
    boolean inside = false;
    for (int c = 0; c <= Character.MAX_CODE_POINT + 1; c++) {
      boolean in = c <= Character.MAX_CODE_POINT && ALL.contains(c) && predicate.test(c);
      if (in != inside) {
        if (length == found.length) {
          found = Arrays.copyOf(found, 2 * length);
        }
        found[length++] = in ? c : c - 1;
        inside = in;
      }
    }
    return of(Arrays.copyOf(found, length));
  }

  CodePoints union(CodePoints other) {
    int[] both = Arrays.copyOf(bounds, bounds.length + other.bounds.length);
    System.arraycopy(other.bounds, 0, both, bounds.length, other.bounds.length);
    return of(both);
  }

  /** All of {@link #ALL} that is not in this set. */
  CodePoints complement() {
    int[] gaps = new int[bounds.length + 2];
    int length = 0;
    int next = 0;
    for (int i = 0; i < bounds.length; i += 2) {
      if (bounds[i] > next) {
        gaps[length++] = next;
        gaps[length++] = bounds[i] - 1;
      }
      next = bounds[i + 1] + 1;
    }
    if (next <= Character.MAX_CODE_POINT) {
      gaps[length++] = next;
      gaps[length++] = Character.MAX_CODE_POINT;
    }
    CodePoints complement = new CodePoints(Arrays.copyOf(gaps, length));
    return complement.withoutSurrogates();
  }

  private CodePoints withoutSurrogates() {
    int[] kept = new int[bounds.length + 2];
    int length = 0;
    for (int i = 0; i < bounds.length; i += 2) {
      int first = bounds[i];
      int last = bounds[i + 1];
      if (first < 0xD800) {
        kept[length++] = first;
        kept[length++] = Math.min(last, 0xD7FF);
      }
      if (last > 0xDFFF) {
        kept[length++] = Math.max(first, 0xE000);
        kept[length++] = last;
      }
    }
    return of(Arrays.copyOf(kept, length));
  }

  CodePoints minus(CodePoints other) {
    return complement().union(other).complement();
  }

  boolean contains(int codePoint) {
    for (int i = 0; i < bounds.length && bounds[i] <= codePoint; i += 2) {
      if (codePoint <= bounds[i + 1]) {
        return true;
      }
    }
    return false;
  }

  boolean isEmpty() {
    return bounds.length == 0;
  }

  /** First and last of each range, ascending; not to be changed. */
  int[] bounds() {
    return bounds;
  }

  /** How the set looks in UTF-8. */
  Utf8Shape utf8() {
    Utf8Shape known = shape;
    if (known == null) {
      known = Utf8Shape.of(this);
      shape = known;
    }
    return Objects.requireNonNull(known);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof CodePoints set && Arrays.equals(bounds, set.bounds);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bounds);
  }
}
