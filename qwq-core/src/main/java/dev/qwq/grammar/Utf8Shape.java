package dev.qwq.grammar;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The UTF-8 encodings of a set of code points as a small automaton without loops: node 0 is the
 * beginning, node 1 the end, and equal rests are one node.
 *
 * @param nodes how many nodes there are
 * @param edges from, first byte, last byte, to; four numbers an edge
 */
record Utf8Shape(int nodes, List<int[]> edges) {
  static final int START = 0;
  static final int END = 1;

  /** Works the shape out. */
  static Utf8Shape of(CodePoints set) {
    return new Builder(set).build();
  }

  private static final class Builder {
    // A bit for each code point: word w holds those whose last continuation byte varies.
    private final long[] words = new long[(Character.MAX_CODE_POINT + 1) / 64];
    private final List<int[]> edges = new ArrayList<>();
    private final Map<List<Integer>, Integer> nodes = new HashMap<>();
    private int count = 2;

    Builder(CodePoints set) {
      int[] bounds = set.bounds();
      for (int i = 0; i < bounds.length; i += 2) {
        for (int c = bounds[i]; c <= bounds[i + 1]; c++) {
          if ((c & 63) == 0 && c + 63 <= bounds[i + 1]) {
            words[c >> 6] = -1;
            c += 63;
          } else {
            words[c >> 6] |= 1L << (c & 63);
          }
        }
      }
    }

    Utf8Shape build() {
      addRuns(START, 0, bits(0x80, c -> (words[c >> 6] >> (c & 63) & 1) != 0 ? END : -1));
      // Two bytes from U+0080, three from U+0800, four from U+10000.
      addRuns(START, 0xC0, bits(32, lead -> lead < 2 ? -1 : last(lead)));
      addRuns(START, 0xE0, bits(16, lead -> middle(lead << 6, lead == 0 ? 32 : 0)));
      addRuns(START, 0xF0, bits(5, lead -> upper(lead << 12, lead == 0 ? 16 : 0)));
      return new Utf8Shape(count, List.copyOf(edges));
    }

    private interface Target {
      int of(int index);
    }

    private static int[] bits(int length, Target target) {
      int[] targets = new int[length];
      for (int i = 0; i < length; i++) {
        targets[i] = target.of(i);
      }
      return targets;
    }

    private int last(int word) {
      long mask = words[word];
      return mask == 0 ? -1 : node(bits(64, i -> (mask >> i & 1) != 0 ? END : -1));
    }

    private int middle(int word, int from) {
      return node(bits(64, i -> i < from || word + i >= words.length ? -1 : last(word + i)));
    }

    private int upper(int word, int from) {
      return node(
          bits(
              64,
              i -> i < from || word + (i << 6) >= words.length ? -1 : middle(word + (i << 6), 0)));
    }

    /** The node with these targets for the continuation bytes; -1 if there are none. */
    private int node(int[] targets) {
      List<Integer> key = new ArrayList<>(targets.length);
      boolean any = false;
      for (int target : targets) {
        key.add(target);
        any |= target >= 0;
      }
      if (!any) {
        return -1;
      }
      Integer known = nodes.get(key);
      if (known == null) {
        known = count++;
        nodes.put(key, known);
        addRuns(known, 0x80, targets);
      }
      return known;
    }

    private void addRuns(int from, int firstByte, int[] targets) {
      for (int i = 0; i < targets.length; ) {
        int end = i + 1;
        while (end < targets.length && targets[end] == targets[i]) {
          end++;
        }
        if (targets[i] >= 0) {
          edges.add(new int[] {from, firstByte + i, firstByte + end - 1, targets[i]});
        }
        i = end;
      }
    }
  }
}
