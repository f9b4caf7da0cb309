package dev.qwq.tokenizer;

import dev.qwq.MalformedFileException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Byte-pair encoding of one word: again and again the adjacent pair of the lowest rank, leftmost
 * first, becomes one token.
 *
 * <p>Short words scan for that pair, which costs the square of their length but next to nothing a
 * step; longer ones keep the pairs in a heap ordered by (rank, position) and their neighbours in a
 * linked list, as n log n.
 */
final class Bpe {
  private static final int SCAN_LIMIT = 32;

  private final int[] byteIds = new int[256];
  private final PairTable ranks;
  private final int[] merged; // by rank

  Bpe(TokenizerData data, Vocabulary vocabulary) {
    List<String> tokens = data.tokens();
    if (tokens.size() > PairTable.LIMIT || data.merges().size() > PairTable.LIMIT) {
      throw new MalformedFileException(
          data.source(),
          "vocabulary",
          "at most " + PairTable.LIMIT + " tokens and merges",
          tokens.size() + " and " + data.merges().size());
    }
    Map<String, Integer> ids = HashMap.newHashMap(tokens.size());
    for (int id = 0; id < tokens.size(); id++) {
      if (!tokens.get(id).isEmpty()) {
        ids.put(tokens.get(id), id);
      }
    }
    for (int b = 0; b < 256; b++) {
      Integer id = ids.get(String.valueOf(ByteAlphabet.spell(b)));
      if (id == null) {
        throw new MalformedFileException(
            data.source(),
            "vocabulary",
            "a token for every byte",
            String.format("none for 0x%02X", b));
      }
      byteIds[b] = id;
    }
    ranks = new PairTable(data.merges().size());
    merged = new int[data.merges().size()];
    int rank = 0;
    for (String merge : data.merges()) {
      int space = merge.indexOf(' ');
      Integer left = space < 0 ? null : ids.get(merge.substring(0, space));
      Integer right = space < 0 ? null : ids.get(merge.substring(space + 1));
      Integer made = null;
      if (left != null && right != null) {
        made = ids.get(merge.substring(0, space).concat(merge.substring(space + 1)));
      }
      if (left == null || right == null || made == null) {
        throw new MalformedFileException(
            data.source(),
            "merge " + rank,
            "two tokens of the vocabulary that make a third",
            "\"" + TokenizerFiles.excerpt(merge) + "\"");
      }
      ranks.put(left, right, rank);
      merged[rank] = made;
      rank++;
    }
  }

  /** The ids of single bytes, by byte. */
  int byteId(byte b) {
    return byteIds[b & 0xFF];
  }

  /** Buffers that one encoding uses for all its words. Not thread-safe. */
  static final class Workspace {
    private int[] symbols = new int[64];
    private int count;
    private final int[] pairs = new int[SCAN_LIMIT];
    private int[] next = {};
    private int[] previous = {};
    private long[] heap = {};
    private int heapSize;

    void clear() {
      count = 0;
    }

    void add(int id) {
      if (count == symbols.length) {
        symbols = Arrays.copyOf(symbols, Math.toIntExact(Math.min(count * 2L, 0x7FFFFFF0L)));
      }
      symbols[count++] = id;
    }

    private void push(long entry) {
      if (heapSize == heap.length) {
        heap = Arrays.copyOf(heap, Math.max(64, Math.multiplyExact(heapSize, 2)));
      }
      int at = heapSize++;
      while (at > 0 && heap[at - 1 >> 1] > entry) {
        heap[at] = heap[at - 1 >> 1];
        at = at - 1 >> 1;
      }
      heap[at] = entry;
    }

    private long pop() {
      long top = heap[0];
      long last = heap[--heapSize];
      if (heapSize > 0) {
        siftDown(0, last);
      }
      return top;
    }

    private void siftDown(int from, long entry) {
      int at = from;
      while (true) {
        int child = 2 * at + 1;
        if (child >= heapSize) {
          break;
        }
        if (child + 1 < heapSize && heap[child + 1] < heap[child]) {
          child++;
        }
        if (heap[child] >= entry) {
          break;
        }
        heap[at] = heap[child];
        at = child;
      }
      heap[at] = entry;
    }
  }

  /** Merges the byte ids that {@code work} holds and appends the outcome to {@code out}. */
  void merge(Workspace work, IntBuffer out) {
    if (work.count <= SCAN_LIMIT) {
      mergeByScanning(work);
    } else {
      mergeByHeap(work);
    }
    out.addAll(work.symbols, 0, work.count);
  }

  private void mergeByScanning(Workspace work) {
    int[] symbols = work.symbols;
    int[] pairs = work.pairs; // the rank of symbol i and the next one
    int count = work.count;
    for (int i = 0; i + 1 < count; i++) {
      pairs[i] = ranks.rank(symbols[i], symbols[i + 1]);
    }
    while (count > 1) {
      int best = PairTable.NONE;
      int at = 0;
      for (int i = 0; i + 1 < count; i++) {
        if (pairs[i] < best) { // equal ranks are equal pairs: the leftmost stays
          best = pairs[i];
          at = i;
        }
      }
      if (best == PairTable.NONE) {
        break;
      }
      symbols[at] = merged[best];
      count--;
      for (int i = at + 1; i < count; i++) {
        symbols[i] = symbols[i + 1];
        pairs[i] = pairs[i + 1];
      }
      if (at > 0) {
        pairs[at - 1] = ranks.rank(symbols[at - 1], symbols[at]);
      }
      if (at + 1 < count) {
        pairs[at] = ranks.rank(symbols[at], symbols[at + 1]);
      }
    }
    work.count = count;
  }

  private void mergeByHeap(Workspace work) {
    int count = work.count;
    int[] symbols = work.symbols;
    if (work.next.length < count) {
      work.next = new int[count];
      work.previous = new int[count];
    }
    int[] next = work.next;
    int[] previous = work.previous;
    work.heapSize = 0;
    for (int i = 0; i < count; i++) {
      next[i] = i + 1;
      previous[i] = i - 1;
    }
    for (int i = 0; i + 1 < count; i++) {
      pushPair(work, i, i + 1);
    }
    while (work.heapSize > 0) {
      long entry = work.pop();
      int at = (int) entry;
      int right = next[at];
      // An entry is stale when its left symbol was merged away or either symbol changed since.
      if (right < 0 || right == count) {
        continue;
      }
      int rank = (int) (entry >>> 32);
      if (ranks.rank(symbols[at], symbols[right]) != rank) {
        continue;
      }
      symbols[at] = merged[rank];
      int after = next[right];
      next[at] = after;
      next[right] = -1;
      if (after < count) {
        previous[after] = at;
        pushPair(work, at, after);
      }
      if (previous[at] >= 0) {
        pushPair(work, previous[at], at);
      }
    }
    int kept = 0;
    for (int i = 0; i < count; i = next[i]) {
      symbols[kept++] = symbols[i];
    }
    work.count = kept;
  }

  private void pushPair(Workspace work, int left, int right) {
    int rank = ranks.rank(work.symbols[left], work.symbols[right]);
    if (rank != PairTable.NONE) {
      work.push((long) rank << 32 | left);
    }
  }
}
