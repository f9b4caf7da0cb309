package dev.qwq.grammar;

import java.util.Arrays;

/** Lays tokens out as trees, one behind the other, parents before their children. */
final class TrieBuilder {
  private final int[] twins;
  private byte[] labels = new byte[1024];
  private int[] ends = new int[1024];
  private int[] tokens = new int[1024];
  private int size;

  TrieBuilder(int[] twins) {
    this.twins = twins;
  }

  /** Adds a tree of the tokens that have bytes. */
  void add(byte[][] tokenBytes) {
    Integer[] order = new Integer[tokenBytes.length];
    int count = 0;
    for (int id = 0; id < tokenBytes.length; id++) {
      if (tokenBytes[id].length > 0) {
        order[count++] = id;
      }
    }
    Integer[] sorted = Arrays.copyOf(order, count);
    Arrays.sort(sorted, (a, b) -> Arrays.compareUnsigned(tokenBytes[a], tokenBytes[b]));
    int longest = 0;
    for (Integer id : sorted) {
      longest = Math.max(longest, tokenBytes[id].length);
    }
    int[] path = new int[longest + 1]; // the nodes of the token before
    path[0] = node((byte) 0);
    byte[] before = new byte[0];
    for (Integer id : sorted) {
      byte[] bytes = tokenBytes[id];
      int common = Math.max(Arrays.mismatch(before, bytes), 0);
      if (Arrays.equals(before, bytes)) {
        int first = tokens[path[bytes.length]];
        twins[id] = twins[first];
        twins[first] = id;
        continue;
      }
      close(path, common + 1, before.length);
      for (int i = common; i < bytes.length; i++) {
        path[i + 1] = node(bytes[i]);
      }
      tokens[path[bytes.length]] = id;
      before = bytes;
    }
    close(path, 0, before.length);
  }

  private void close(int[] path, int from, int to) {
    for (int depth = from; depth <= to; depth++) {
      ends[path[depth]] = size;
    }
  }

  private int node(byte label) {
    if (size == labels.length) {
      labels = Arrays.copyOf(labels, 2 * size);
      ends = Arrays.copyOf(ends, 2 * size);
      tokens = Arrays.copyOf(tokens, 2 * size);
    }
    labels[size] = label;
    tokens[size] = TokenTrie.NONE;
    return size++;
  }

  int size() {
    return size;
  }

  byte[] labels() {
    return Arrays.copyOf(labels, size);
  }

  int[] ends() {
    return Arrays.copyOf(ends, size);
  }

  int[] tokens() {
    return Arrays.copyOf(tokens, size);
  }
}
