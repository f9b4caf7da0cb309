package dev.qwq.grammar;

/**
 * Text that an automaton describes. Two terminals with the same automaton are two terminals: what
 * is known about the vocabulary is kept by identity.
 */
final class Terminal implements Node {
  private final Dfa dfa;
  private final boolean markers;
  private final boolean shared;

  private Terminal(Dfa dfa, boolean markers, boolean shared) {
    this.dfa = dfa;
    this.markers = markers;
    this.shared = shared;
  }

  /** A terminal of one grammar. */
  static Terminal of(Dfa dfa) {
    return new Terminal(dfa, false, false);
  }

  /** A terminal that many grammars use: what is known about it stays with the vocabulary. */
  static Terminal shared(Dfa dfa) {
    return new Terminal(dfa, false, true);
  }

  /** A terminal inside which tokens such as {@code </think>} are wanted. */
  static Terminal withMarkers(Dfa dfa) {
    return new Terminal(dfa, true, false);
  }

  Dfa dfa() {
    return dfa;
  }

  /** Whether added tokens that are text, such as {@code <tool_call>}, may be used. */
  boolean markers() {
    return markers;
  }

  boolean shared() {
    return shared;
  }

  @Override
  public void expand(Frame rest, Follow.Builder follow) {
    if (!dfa.isEmpty()) {
      follow.add(new Position(this, 0, rest));
    }
  }
}
