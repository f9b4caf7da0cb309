package dev.qwq.grammar;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One of several parts. Filled after it is made, since grammars are recursive; compared by
 * identity.
 */
final class AlternativesNode implements Node {
  private final List<Node> branches = new ArrayList<>();
  private @Nullable List<Node> flat;

  void add(Node branch) {
    branches.add(branch);
  }

  /** The branches as they were added. */
  List<Node> branches() {
    return branches;
  }

  /** The branches without further alternatives: one that leads back to itself adds nothing. */
  private List<Node> alternatives() {
    List<Node> known = flat;
    if (known == null) {
      Set<Node> seen = Collections.newSetFromMap(new IdentityHashMap<>());
      List<Node> found = new ArrayList<>();
      collect(seen, found);
      known = List.copyOf(found);
      flat = known;
    }
    return known;
  }

  private void collect(Set<Node> seen, List<Node> found) {
    for (Node branch : branches) {
      if (seen.add(branch)) {
        if (branch instanceof AlternativesNode inner) {
          inner.collect(seen, found);
        } else {
          found.add(branch);
        }
      }
    }
  }

  @Override
  public void expand(Frame rest, Follow.Builder follow) {
    for (Node branch : alternatives()) {
      branch.expand(rest, follow);
    }
  }
}
