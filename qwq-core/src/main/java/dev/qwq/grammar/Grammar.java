package dev.qwq.grammar;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A grammar over a model's vocabulary. Remembers what it has worked out: at most {@link #MAX_MASKS}
 * masks of whole places, and for each state of its automata the tokens that fit. Safe for use by
 * many threads.
 */
public final class Grammar {
  /** Masks of places that are kept: 5 MB at 150,000 tokens. */
  private static final int MAX_MASKS = 256;

  private final TokenTrie trie;
  private final Positions start;
  private final Map<Terminal, TerminalMasks> terminals = new ConcurrentHashMap<>();
  private final Map<Positions, int[]> masks =
      new LinkedHashMap<>(64, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Positions, int[]> eldest) {
          return size() > MAX_MASKS;
        }
      };

  /**
   * Joins a grammar and a vocabulary.
   *
   * @param root the grammar; it accepts at least one text
   * @param trie the vocabulary
   */
  Grammar(Node root, TokenTrie trie) {
    this.trie = trie;
    start = Positions.start(root);
  }

  Positions start() {
    return start;
  }

  TokenTrie trie() {
    return trie;
  }

  /** The tokens with which a text may go on; without those that end it. Not to be changed. */
  int[] allowed(Positions at) {
    synchronized (masks) {
      int[] known = masks.get(at);
      if (known != null) {
        return known;
      }
    }
    int[] mask = new int[trie.words()];
    for (Position position : at.list()) {
      add(position, mask);
    }
    synchronized (masks) {
      masks.put(at, mask);
    }
    return mask;
  }

  private TerminalMasks terminal(Terminal terminal) {
    return terminal.shared()
        ? trie.shared(terminal)
        : terminals.computeIfAbsent(terminal, key -> new TerminalMasks(trie, key));
  }

  private void add(Position position, int[] mask) {
    TerminalMasks terminal = terminal(position.terminal());
    terminal.addInside(position.state(), mask);
    Follow follow = position.rest().follow();
    if (follow.positions().isEmpty()) {
      return;
    }
    if (position.mayEnd()) {
      for (Position next : follow.positions()) {
        add(next, mask);
      }
    }
    TerminalMasks.Ends ends = terminal.ends(position.state());
    for (int label = 0; label < 256; label++) {
      int from = ends.starts()[label];
      int to = ends.starts()[label + 1];
      if (from < to) {
        Positions next = Positions.next(follow.positions(), label);
        if (!next.isDead()) {
          for (int i = from; i < to; i++) {
            trie.allow(ends.nodes()[i], mask);
            walk(ends.nodes()[i], next, mask);
          }
        }
      }
    }
  }

  private void walk(int parent, Positions at, int[] mask) {
    for (int node = parent + 1; node < trie.end(parent); node = trie.end(node)) {
      Positions next = at.next(trie.label(node));
      if (!next.isDead()) {
        trie.allow(node, mask);
        walk(node, next, mask);
      }
    }
  }
}
