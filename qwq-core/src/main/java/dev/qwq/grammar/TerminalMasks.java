package dev.qwq.grammar;

import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * What the vocabulary has for each state of a terminal: the tokens that stay inside it, and the
 * places in the tree of tokens where it may end with more bytes to come. Neither depends on what
 * surrounds the terminal, so it is worked out once. Safe for use by many threads.
 */
final class TerminalMasks {
  /** Up to so many tokens are kept as a list. */
  private static final int FEW = 256;

  private final TokenTrie trie;
  private final Dfa dfa;
  private final int[] roots;
  private final AtomicReferenceArray<Tokens> inside;
  private final AtomicReferenceArray<Ends> ends;
  // Most states of a long automaton have the same: it is kept once.
  private final Map<Object, Object> distinct = new ConcurrentHashMap<>();
  private final int[] runs;
  private final int[] insideRuns;

  TerminalMasks(TokenTrie trie, Terminal terminal) {
    this.trie = trie;
    dfa = terminal.dfa();
    roots = trie.roots(terminal.markers());
    inside = new AtomicReferenceArray<>(dfa.states());
    ends = new AtomicReferenceArray<>(dfa.states());
    runs = PlainRuns.of(dfa, trie.longestPlain(), false);
    insideRuns = PlainRuns.of(dfa, trie.longestPlain(), true);
  }

  /**
   * Tokens, all of them or (if they are few) listed.
   *
   * @param mask empty if they are listed
   */
  private record Tokens(int[] mask, int[] list) {
    @Override
    public boolean equals(Object other) {
      return other instanceof Tokens tokens
          && Arrays.equals(mask, tokens.mask)
          && Arrays.equals(list, tokens.list);
    }

    @Override
    public int hashCode() {
      return 31 * Arrays.hashCode(mask) + Arrays.hashCode(list);
    }
  }

  /** Adds the tokens that stay inside the terminal. */
  void addInside(int state, int[] mask) {
    Tokens known = inside.get(state);
    if (known == null) {
      known = same(findInside(state));
      inside.set(state, known);
    }
    if (known.mask.length == 0) {
      for (int token : known.list) {
        mask[token / Integer.SIZE] |= 1 << token % Integer.SIZE;
      }
    } else {
      for (int i = 0; i < mask.length; i++) {
        mask[i] |= known.mask[i];
      }
    }
  }

  @SuppressWarnings("unchecked") // equal ones have one class
  private <T> T same(T found) {
    Object known = distinct.putIfAbsent(found, found);
    return known == null ? found : (T) known;
  }

  private Tokens findInside(int state) {
    int run = runs[state];
    int[] mask = run > 0 ? trie.plain(run).clone() : new int[trie.words()];
    Walk walk = new Walk(run);
    for (int root : roots) {
      walk.inside(root, state, mask);
    }
    int count = 0;
    for (int word : mask) {
      count += Integer.bitCount(word);
    }
    return count > FEW ? new Tokens(mask, new int[0]) : new Tokens(new int[0], list(mask, count));
  }

  private static int[] list(int[] mask, int count) {
    int[] list = new int[count];
    int at = 0;
    for (int i = 0; i < mask.length; i++) {
      for (int word = mask[i]; word != 0; word &= word - 1) {
        list[at++] = i * Integer.SIZE + Integer.numberOfTrailingZeros(word);
      }
    }
    return list;
  }

  /**
   * Nodes whose parents are places where the terminal may end.
   *
   * @param nodes sorted by their label
   * @param starts where each label's nodes begin; one more at the end
   */
  record Ends(int[] nodes, int[] starts) {
    @Override
    public boolean equals(Object other) {
      return other instanceof Ends ends && Arrays.equals(nodes, ends.nodes);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(nodes);
    }
  }

  /** Finds the nodes with which what follows the terminal may begin, behind at least one byte. */
  Ends ends(int state) {
    Ends known = ends.get(state);
    if (known == null) {
      known = same(findEnds(state));
      ends.set(state, known);
    }
    return known;
  }

  private Ends findEnds(int state) {
    Walk walk = new Walk(insideRuns[state]);
    for (int root : roots) {
      walk.ends(root, state);
    }
    int[] starts = new int[257];
    for (int i = 0; i < walk.count; i++) {
      starts[trie.label(walk.found[i]) + 1]++;
    }
    for (int b = 0; b < 256; b++) {
      starts[b + 1] += starts[b];
    }
    int[] fill = starts.clone();
    int[] nodes = new int[walk.count];
    for (int i = 0; i < walk.count; i++) {
      nodes[fill[trie.label(walk.found[i])]++] = walk.found[i];
    }
    return new Ends(nodes, starts);
  }

  /** A walk through the tree, which leaves subtrees of plain tokens out that are known to fit. */
  private final class Walk {
    private final int run;
    private int[] found = new int[16];
    private int count;

    Walk(int run) {
      this.run = run;
    }

    void inside(int parent, int state, int[] mask) {
      for (int node = parent + 1; node < trie.end(parent); node = trie.end(node)) {
        if (!trie.isPlain(node, run)) {
          int next = dfa.next(state, trie.label(node));
          if (next >= 0) {
            trie.allow(node, mask);
            inside(node, next, mask);
          }
        }
      }
    }

    void ends(int parent, int state) {
      for (int node = parent + 1; node < trie.end(parent); node = trie.end(node)) {
        if (!trie.isPlain(node, run)) {
          int next = dfa.next(state, trie.label(node));
          if (next >= 0) {
            if (dfa.accepts(next)) {
              addChildren(node);
            }
            ends(node, next);
          }
        }
      }
    }

    private void addChildren(int parent) {
      for (int node = parent + 1; node < trie.end(parent); node = trie.end(node)) {
        if (count == found.length) {
          found = Arrays.copyOf(found, 2 * count);
        }
        found[count++] = node;
      }
    }
  }
}
