package dev.qwq.grammar;

import java.util.List;

/** One part after the other; at least one. */
record SequenceNode(List<Node> parts) implements Node {
  SequenceNode {
    parts = List.copyOf(parts);
  }

  static SequenceNode of(Node... parts) {
    return new SequenceNode(List.of(parts));
  }

  @Override
  public void expand(Frame rest, Follow.Builder follow) {
    Frame behind = rest;
    for (int i = parts.size() - 1; i > 0; i--) {
      behind = new Frame.Then(parts.get(i), behind);
    }
    parts.getFirst().expand(behind, follow);
  }
}
