package dev.qwq.grammar;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A regular expression as an automaton: Thompson's construction over UTF-8 bytes, walked as a set
 * of states. {@code ^} is a step that only the beginning of the text allows, {@code $} one that
 * only its end does.
 */
final class RegexAutomaton implements Automaton<RegexAutomaton.States> {
  private static final int MAX_NODES = 500_000;
  private static final int EMPTY_STEP = 0;
  private static final int START_STEP = 1;
  private static final int END_STEP = 2;

  /** The states a text can be in, ascending; only those that bytes lead on from, and the last. */
  record States(int[] nodes) {
    @Override
    public boolean equals(Object other) {
      return other instanceof States states && Arrays.equals(nodes, states.nodes);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(nodes);
    }
  }

  private int nodes;
  private int[][] byteEdges = new int[64][]; // first, last, to, …
  private int[][] steps = new int[64][]; // kind, to, …
  private final int first;
  private final int last;
  private final BitSet bounds = new BitSet(257); // where a run of like bytes begins

  private RegexAutomaton(Regex regex) {
    bounds.set(0);
    first = node();
    last = add(regex, first);
  }

  /**
   * Compiles what a whole text must match.
   *
   * @throws QwqException with {@code INVALID_ARGUMENT} if the automaton is too large
   */
  static Dfa whole(Regex regex) {
    return new RegexAutomaton(regex).toDfa();
  }

  /** Compiles what a text must contain. */
  static Dfa anywhere(Regex regex) {
    return whole(new Regex.Concatenation(List.of(Regex.ANYTHING, regex, Regex.ANYTHING)));
  }

  /** Parses and compiles what a whole text must match. */
  static Dfa whole(String pattern) {
    return whole(RegexParser.parse(pattern));
  }

  private int node() {
    if (nodes == MAX_NODES) {
      throw new QwqException(
          ErrorCode.INVALID_ARGUMENT,
          "regular expression: expected at most "
              + MAX_NODES
              + " places, found more; shorten its counts");
    }
    if (nodes == byteEdges.length) {
      byteEdges = Arrays.copyOf(byteEdges, 2 * nodes);
      steps = Arrays.copyOf(steps, 2 * nodes);
    }
    byteEdges[nodes] = new int[0];
    steps[nodes] = new int[0];
    return nodes++;
  }

  private static int[] append(int[] list, int... values) {
    int[] longer = Arrays.copyOf(list, list.length + values.length);
    System.arraycopy(values, 0, longer, list.length, values.length);
    return longer;
  }

  private void step(int from, int kind, int to) {
    steps[from] = append(steps[from], kind, to);
  }

  /** Adds an expression behind a node; returns the node behind it. */
  private int add(Regex regex, int from) {
    return switch (regex) {
      case Regex.Chars(CodePoints set) -> addChars(set, from);
      case Regex.Concatenation(List<Regex> parts) -> {
        int at = from;
        for (Regex part : parts) {
          at = add(part, at);
        }
        yield at;
      }
      case Regex.Alternation(List<Regex> branches) -> {
        int end = node();
        for (Regex branch : branches) {
          int start = node();
          step(from, EMPTY_STEP, start);
          step(add(branch, start), EMPTY_STEP, end);
        }
        yield end;
      }
      case Regex.Repetition repetition -> addRepetition(repetition, from);
      case Regex.TextStart() -> {
        int end = node();
        step(from, START_STEP, end);
        yield end;
      }
      case Regex.TextEnd() -> {
        int end = node();
        step(from, END_STEP, end);
        yield end;
      }
    };
  }

  private int addChars(CodePoints set, int from) {
    Utf8Shape shape = set.utf8();
    int base = nodes;
    for (int i = 1; i < shape.nodes(); i++) {
      node();
    }
    for (int[] edge : shape.edges()) {
      int source = edge[0] == Utf8Shape.START ? from : base + edge[0] - 1;
      byteEdges[source] = append(byteEdges[source], edge[1], edge[2], base + edge[3] - 1);
      bounds.set(edge[1]);
      bounds.set(edge[2] + 1);
    }
    return base;
  }

  private int addRepetition(Regex.Repetition repetition, int from) {
    int at = from;
    for (int i = 0; i < repetition.min(); i++) {
      at = add(repetition.body(), at);
    }
    if (repetition.max() == Regex.UNBOUNDED) {
      int loop = node();
      step(at, EMPTY_STEP, loop);
      step(add(repetition.body(), loop), EMPTY_STEP, loop);
      return loop;
    }
    int end = node();
    for (int i = repetition.min(); i < repetition.max(); i++) {
      step(at, EMPTY_STEP, end);
      int start = node();
      step(at, EMPTY_STEP, start);
      at = add(repetition.body(), start);
    }
    step(at, EMPTY_STEP, end);
    return end;
  }

  @Override
  public States start() {
    return close(new int[] {first}, true, false);
  }

  @Override
  public boolean accepts(States state) {
    for (int node : close(state.nodes, false, true).nodes) {
      if (node == last) {
        return true;
      }
    }
    return false;
  }

  @Override
  public @Nullable States next(States state, int unsignedByte) {
    int[] targets = new int[0];
    for (int node : state.nodes) {
      int[] edges = byteEdges[node];
      for (int i = 0; i < edges.length; i += 3) {
        if (edges[i] <= unsignedByte && unsignedByte <= edges[i + 1]) {
          targets = append(targets, edges[i + 2]);
        }
      }
    }
    return targets.length == 0 ? null : close(targets, false, false);
  }

  private States close(int[] from, boolean atStart, boolean atEnd) {
    BitSet seen = new BitSet();
    int[] queue = from.clone();
    int length = queue.length;
    for (int node : queue) {
      seen.set(node);
    }
    for (int i = 0; i < length; i++) {
      int[] out = steps[queue[i]];
      for (int s = 0; s < out.length; s += 2) {
        boolean open =
            switch (out[s]) {
              case START_STEP -> atStart;
              case END_STEP -> atEnd;
              default -> true;
            };
        if (open && !seen.get(out[s + 1])) {
          seen.set(out[s + 1]);
          if (length == queue.length) {
            queue = Arrays.copyOf(queue, 2 * length + 8);
          }
          queue[length++] = out[s + 1];
        }
      }
    }
    return new States(seen.stream().filter(this::matters).toArray());
  }

  private boolean matters(int node) {
    if (node == last || byteEdges[node].length > 0) {
      return true;
    }
    for (int s = 0; s < steps[node].length; s += 2) {
      if (steps[node][s] == END_STEP) {
        return true;
      }
    }
    return false;
  }

  @Override
  public ByteClasses classes() {
    int[] labels = new int[256];
    int label = 0;
    for (int b = 0; b < 256; b++) {
      labels[b] = bounds.get(b) ? ++label : label;
    }
    return ByteClasses.of(labels);
  }
}
