package dev.qwq.grammar;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** Makes automata small: states that lead nowhere go, equal states become one, equal bytes too. */
final class DfaTrimmer {
  /** Merging takes up to one pass for every state; larger automata are left as they are. */
  private static final int MERGED_AT_MOST = 4_000;

  private DfaTrimmer() {}

  static Dfa trim(ByteClasses bytes, int[] next, boolean[] accepting) {
    int classes = bytes.count();
    boolean[] alive = alive(classes, next, accepting);
    int[] block =
        accepting.length <= MERGED_AT_MOST ? merge(classes, next, accepting, alive) : own(alive);
    int count = Arrays.stream(block).max().orElse(-1) + 1;
    if (accepting.length == 0 || !alive[0]) {
      return new Dfa(1, new int[256], new int[0], new boolean[0]);
    }
    int[] table = new int[count * classes];
    boolean[] ends = new boolean[count];
    for (int s = 0; s < accepting.length; s++) {
      if (block[s] >= 0) {
        ends[block[s]] = accepting[s];
        for (int c = 0; c < classes; c++) {
          int target = next[s * classes + c];
          table[block[s] * classes + c] = target < 0 ? Dfa.DEAD : block[target];
        }
      }
    }
    return withFewestClasses(bytes, count, table, ends);
  }

  private static boolean[] alive(int classes, int[] next, boolean[] accepting) {
    int states = accepting.length;
    // Predecessors as lists in arrays.
    int[] head = new int[states];
    Arrays.fill(head, -1);
    int[] link = new int[next.length];
    for (int edge = 0; edge < next.length; edge++) {
      if (next[edge] >= 0) {
        link[edge] = head[next[edge]];
        head[next[edge]] = edge;
      }
    }
    boolean[] alive = new boolean[states];
    int[] queue = new int[states];
    int length = 0;
    for (int s = 0; s < states; s++) {
      if (accepting[s]) {
        alive[s] = true;
        queue[length++] = s;
      }
    }
    for (int i = 0; i < length; i++) {
      for (int edge = head[queue[i]]; edge >= 0; edge = link[edge]) {
        int from = edge / classes;
        if (!alive[from]) {
          alive[from] = true;
          queue[length++] = from;
        }
      }
    }
    return alive;
  }

  private static int[] own(boolean[] alive) {
    int[] block = new int[alive.length];
    int count = 0;
    for (int s = 0; s < alive.length; s++) {
      block[s] = alive[s] ? count++ : -1;
    }
    return block;
  }

  /** Moore's refinement: states are equal until a byte leads them to unequal ones. */
  private static int[] merge(int classes, int[] next, boolean[] accepting, boolean[] alive) {
    int states = accepting.length;
    int[] block = new int[states];
    for (int s = 0; s < states; s++) {
      block[s] = !alive[s] ? -1 : accepting[s] ? 1 : 0;
    }
    int before = -1;
    int count = 0;
    while (count != before) {
      before = count;
      Map<Row, Integer> rows = new HashMap<>();
      int[] refined = new int[states];
      for (int s = 0; s < states; s++) {
        if (block[s] < 0) {
          refined[s] = -1;
          continue;
        }
        int[] row = new int[classes + 1];
        row[classes] = block[s];
        for (int c = 0; c < classes; c++) {
          int target = next[s * classes + c];
          row[c] = target < 0 ? -1 : block[target];
        }
        Row key = new Row(row);
        Integer known = rows.get(key);
        if (known == null) {
          known = rows.size(); // in the order of states, so the start stays 0
          rows.put(key, known);
        }
        refined[s] = known;
      }
      block = refined;
      count = rows.size();
    }
    return block;
  }

  private record Row(int[] values) {
    @Override
    public boolean equals(Object other) {
      return other instanceof Row row && Arrays.equals(values, row.values);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(values);
    }
  }

  private static Dfa withFewestClasses(
      ByteClasses bytes, int states, int[] table, boolean[] accepting) {
    int classes = bytes.count();
    Map<Row, Integer> columns = new HashMap<>();
    int[] merged = new int[classes];
    int[] example = new int[classes];
    for (int c = 0; c < classes; c++) {
      int[] column = new int[states];
      for (int s = 0; s < states; s++) {
        column[s] = table[s * classes + c];
      }
      Row key = new Row(column);
      Integer known = columns.get(key);
      if (known == null) {
        known = columns.size();
        columns.put(key, known);
        example[known] = c;
      }
      merged[c] = known;
    }
    int fewer = columns.size();
    int[] classOf = new int[256];
    for (int b = 0; b < 256; b++) {
      classOf[b] = merged[bytes.classOf()[b]];
    }
    int[] small = new int[states * fewer];
    for (int s = 0; s < states; s++) {
      for (int c = 0; c < fewer; c++) {
        small[s * fewer + c] = table[s * classes + example[c]];
      }
    }
    return new Dfa(fewer, classOf, small, accepting);
  }
}
