package dev.qwq.grammar;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A partition of the bytes into classes.
 *
 * @param count how many classes
 * @param classOf the class of each byte
 * @param example a byte of each class
 */
record ByteClasses(int count, int[] classOf, int[] example) {

  /** Makes the coarsest partition in which bytes with unlike labels are apart. */
  static ByteClasses of(int[] labels) {
    Map<Integer, Integer> known = new HashMap<>();
    int[] classOf = new int[256];
    int[] example = new int[256];
    for (int b = 0; b < 256; b++) {
      Integer found = known.get(labels[b]);
      if (found == null) {
        found = known.size();
        known.put(labels[b], found);
        example[found] = b;
      }
      classOf[b] = found;
    }
    return new ByteClasses(known.size(), classOf, example);
  }

  /** Each of these bytes alone, all others together. */
  static ByteClasses apart(String ascii) {
    int[] labels = new int[256];
    for (int i = 0; i < ascii.length(); i++) {
      labels[ascii.charAt(i)] = i + 1;
    }
    return of(labels);
  }

  /** The partition of an automaton. */
  static ByteClasses of(Dfa dfa) {
    return of(dfa.classOf());
  }

  /** Bytes are together where they are in all partitions. */
  static ByteClasses meet(List<ByteClasses> partitions) {
    ByteClasses result = of(new int[256]);
    for (ByteClasses partition : partitions) {
      int[] labels = new int[256];
      for (int b = 0; b < 256; b++) {
        labels[b] = result.classOf[b] * 256 + partition.classOf[b];
      }
      result = of(labels);
    }
    return result;
  }
}
