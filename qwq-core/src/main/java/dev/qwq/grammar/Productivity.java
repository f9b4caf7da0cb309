package dev.qwq.grammar;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;

/**
 * Removes from a grammar what leads nowhere: alternatives without a finite text, optional
 * properties that cannot have a value. Then every place in a text has a way to go on or may be its
 * end.
 */
final class Productivity {
  /** Whether a part has a finite text, as far as is known. */
  private final IdentityHashMap<Node, Boolean> productive = new IdentityHashMap<>();

  private boolean changed;

  private Productivity() {}

  /** Prunes a grammar; false if it has no text at all. */
  static boolean prune(AlternativesNode root) {
    Productivity analysis = new Productivity();
    analysis.collect(root);
    do {
      analysis.changed = false;
      analysis.productive.keySet().forEach(analysis::update);
    } while (analysis.changed);
    for (Node node : List.copyOf(analysis.productive.keySet())) {
      if (node instanceof AlternativesNode alternatives) {
        analysis.prune(alternatives.branches());
      }
    }
    return analysis.isProductive(root);
  }

  private boolean isProductive(Node node) {
    return productive.getOrDefault(node, false);
  }

  private void collect(Node first) {
    List<Node> waiting = new ArrayList<>();
    waiting.add(first);
    while (!waiting.isEmpty()) {
      Node node = waiting.removeLast();
      if (productive.putIfAbsent(node, false) == null) {
        switch (node) {
          case Terminal terminal -> {}
          case SequenceNode sequence -> waiting.addAll(sequence.parts());
          case AlternativesNode alternatives -> waiting.addAll(alternatives.branches());
          case ArrayNode array -> {
            waiting.addAll(array.first());
            if (array.others() != null) {
              waiting.add(array.others());
            }
          }
          case ObjectNode object -> {
            object.properties().forEach(property -> waiting.add(property.value()));
            object.further().forEach(further -> waiting.add(further.value()));
          }
        }
      }
    }
  }

  private void update(Node node) {
    if (!isProductive(node) && hasText(node)) {
      productive.put(node, true);
      changed = true;
    }
  }

  private boolean hasText(Node node) {
    return switch (node) {
      case Terminal terminal -> !terminal.dfa().isEmpty();
      case SequenceNode sequence -> sequence.parts().stream().allMatch(this::isProductive);
      case AlternativesNode alternatives ->
          alternatives.branches().stream().anyMatch(this::isProductive);
      case ArrayNode array ->
          pruned(array).max() == Regex.UNBOUNDED || pruned(array).max() >= array.min();
      case ObjectNode object ->
          object.properties().stream()
                  .allMatch(property -> !property.required() || isProductive(property.value()))
              && pruned(object).canEnd(0, 0, 0);
    };
  }

  private void prune(List<Node> branches) {
    branches.removeIf(branch -> !isProductive(branch));
    branches.replaceAll(
        branch ->
            switch (branch) {
              case ArrayNode array -> pruned(array);
              case ObjectNode object -> pruned(object);
              default -> branch;
            });
  }

  /** An array that ends before the first element that cannot be. */
  private ArrayNode pruned(ArrayNode array) {
    int possible = 0;
    while (possible < array.first().size() && isProductive(array.first().get(possible))) {
      possible++;
    }
    boolean allFirst = possible == array.first().size();
    boolean others = allFirst && array.others() != null && isProductive(array.others());
    int max = array.max();
    if (!others && (max == Regex.UNBOUNDED || max > possible)) {
      max = possible;
    }
    return new ArrayNode(
        array.first().subList(0, possible), others ? array.others() : null, array.min(), max);
  }

  private ObjectNode pruned(ObjectNode object) {
    return new ObjectNode(
        object.properties().stream().filter(property -> isProductive(property.value())).toList(),
        object.further().stream()
            .filter(further -> isProductive(further.value()) && !further.key().dfa().isEmpty())
            .toList(),
        object.min(),
        object.max());
  }
}
