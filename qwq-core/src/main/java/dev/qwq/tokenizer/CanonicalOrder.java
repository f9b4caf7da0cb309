package dev.qwq.tokenizer;

import java.text.Normalizer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Sorts long runs of combining marks before {@link Normalizer} sees them, be it to normalise or
 * only to check.
 *
 * <p>The JDK orders marks by insertion, which takes the square of a run's length: a megabyte of two
 * alternating marks keeps it busy for a quarter of an hour. A stable sort by combining class leaves
 * a canonically equivalent text, hence the same normal form, that is inserted in order.
 */
final class CanonicalOrder {
  // Longer than any word of any language, short enough for insertion to be quick.
  private static final int LONG_RUN = 64;

  // Marks of the lowest and of the highest combining class above zero.
  private static final String LOWEST = "\u0334";
  private static final String HIGHEST = "\u0345";

  private CanonicalOrder() {}

  /**
   * Tells whether there may be a long run of marks. Looks at one character of as many as a run has
   * at least, and at its neighbours only if it is a mark.
   */
  static boolean mayHaveLongRuns(String text, int from, int to) {
    for (int i = from + LONG_RUN; i < to; i += LONG_RUN + 1) {
      if (!mayBeMark(text.charAt(i))) {
        continue;
      }
      int begin = i;
      while (begin > from && i - begin <= LONG_RUN && mayBeMark(text.charAt(begin - 1))) {
        begin--;
      }
      int end = i + 1;
      while (end < to && end - begin <= LONG_RUN && mayBeMark(text.charAt(end))) {
        end++;
      }
      if (end - begin > LONG_RUN) {
        return true;
      }
    }
    return false;
  }

  private static boolean mayBeMark(char c) {
    return Character.isSurrogate(c) || isMark(c);
  }

  /** Returns the text with its long runs of marks decomposed and ordered. */
  static String sortLongRuns(String text) {
    StringBuilder sorted = null;
    int copied = 0;
    int at = 0;
    while (at < text.length()) {
      int end = at;
      while (end < text.length() && isMark(text.codePointAt(end))) {
        end += Character.charCount(text.codePointAt(end));
      }
      if (end - at > LONG_RUN) {
        sorted = sorted == null ? new StringBuilder(text.length()) : sorted;
        sorted.append(text, copied, at);
        sort(text.substring(at, end), sorted);
        copied = end;
      }
      at = end == at ? at + Character.charCount(text.codePointAt(at)) : end;
    }
    return sorted == null ? text : sorted.append(text, copied, text.length()).toString();
  }

  private static void sort(String run, StringBuilder out) {
    StringBuilder parts = new StringBuilder(run.length());
    Map<Integer, String> decomposed = new HashMap<>();
    run.codePoints()
        .forEach(c -> parts.append(decomposed.computeIfAbsent(c, CanonicalOrder::decompose)));
    int[] marks = parts.codePoints().toArray();
    int from = 0;
    while (from < marks.length) {
      int to = from;
      while (to < marks.length && Ranks.of(marks[to]) > 0) {
        to++;
      }
      int[] counts = new int[Ranks.COUNT + 1];
      for (int i = from; i < to; i++) {
        counts[Ranks.of(marks[i])]++;
      }
      for (int i = 1; i < counts.length; i++) {
        counts[i] += counts[i - 1];
      }
      int[] ordered = new int[to - from];
      for (int i = to - 1; i >= from; i--) {
        ordered[--counts[Ranks.of(marks[i])]] = marks[i];
      }
      for (int mark : ordered) {
        out.appendCodePoint(mark);
      }
      if (to < marks.length) {
        out.appendCodePoint(marks[to++]); // class zero: nothing moves past it
      }
      from = to;
    }
  }

  /** Ranks that order marks as their combining classes do, which the JDK does not tell. */
  private static final class Ranks {
    private static final int[] MARKS; // those of a class above zero, ascending
    private static final int[] RANKS;
    private static final int COUNT;

    static {
      Integer[] movable =
          IntStream.rangeClosed(0x300, Character.MAX_CODE_POINT)
              .filter(CanonicalOrder::isMark)
              .boxed()
              .filter(c -> moves(Character.toString(c)))
              .toArray(Integer[]::new);
      MARKS = Arrays.stream(movable).mapToInt(c -> c).toArray();
      RANKS = new int[MARKS.length];
      Arrays.sort(movable, Ranks::compare);
      int rank = 0;
      for (int i = 0; i < movable.length; i++) {
        if (i == 0 || compare(movable[i - 1], movable[i]) != 0) {
          rank++;
        }
        RANKS[Arrays.binarySearch(MARKS, movable[i])] = rank;
      }
      COUNT = rank;
    }

    /** Returns the rank of a code point, 0 for class 0. */
    static int of(int c) {
      int index = Arrays.binarySearch(MARKS, c);
      return index < 0 ? 0 : RANKS[index];
    }

    private static boolean moves(String mark) {
      return mark.equals(decompose(mark.codePointAt(0)))
          && (movesBefore(LOWEST, mark) || movesBefore(mark, HIGHEST));
    }

    private static int compare(Integer a, Integer b) {
      String left = Character.toString(a);
      String right = Character.toString(b);
      return movesBefore(left, right) ? -1 : movesBefore(right, left) ? 1 : 0;
    }

    /** Tells whether {@code first}, written after {@code second}, is moved before it. */
    private static boolean movesBefore(String first, String second) {
      return !first.equals(second)
          && Normalizer.normalize(second + first, Normalizer.Form.NFD).equals(first + second);
    }
  }

  private static String decompose(int c) {
    return Normalizer.normalize(Character.toString(c), Normalizer.Form.NFD);
  }

  private static boolean isMark(int c) {
    if (c < 0x300) {
      return false;
    }
    int type = Character.getType(c);
    return type == Character.NON_SPACING_MARK
        || type == Character.COMBINING_SPACING_MARK
        || type == Character.ENCLOSING_MARK;
  }
}
