package dev.qwq.grammar;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** New automata from others. */
final class DfaOperations {
  private DfaOperations() {}

  /** What an operation says about the texts of two automata. */
  private enum Kind {
    BOTH,
    FIRST_ONLY,
    EITHER
  }

  /** A state of each; one may have come to its end. */
  private record Pair(int first, int second) {}

  /** The texts that both accept. */
  static Dfa intersection(Dfa first, Dfa second) {
    return combine(first, second, Kind.BOTH);
  }

  /** The texts that the first accepts and the second does not. */
  static Dfa difference(Dfa first, Dfa second) {
    return combine(first, second, Kind.FIRST_ONLY);
  }

  /** The texts that one of the two accepts. */
  static Dfa union(Dfa first, Dfa second) {
    return combine(first, second, Kind.EITHER);
  }

  private static Dfa combine(Dfa first, Dfa second, Kind kind) {
    return new Automaton<Pair>() {
      @Override
      public Pair start() {
        return new Pair(first.isEmpty() ? Dfa.DEAD : 0, second.isEmpty() ? Dfa.DEAD : 0);
      }

      @Override
      public boolean accepts(Pair pair) {
        boolean one = pair.first >= 0 && first.accepts(pair.first);
        boolean two = pair.second >= 0 && second.accepts(pair.second);
        return switch (kind) {
          case BOTH -> one && two;
          case FIRST_ONLY -> one && !two;
          case EITHER -> one || two;
        };
      }

      @Override
      public @Nullable Pair next(Pair pair, int unsignedByte) {
        int one = pair.first < 0 ? Dfa.DEAD : first.next(pair.first, unsignedByte);
        int two = pair.second < 0 ? Dfa.DEAD : second.next(pair.second, unsignedByte);
        boolean dead =
            switch (kind) {
              case BOTH -> one < 0 || two < 0;
              case FIRST_ONLY -> one < 0;
              case EITHER -> one < 0 && two < 0;
            };
        return dead ? null : new Pair(one, two);
      }

      @Override
      public ByteClasses classes() {
        return ByteClasses.meet(List.of(ByteClasses.of(first), ByteClasses.of(second)));
      }
    }.toDfa();
  }

  /** Accepts one text. */
  static Dfa literal(byte[] text) {
    int[] labels = new int[256];
    for (byte b : text) {
      labels[b & 0xFF] = 1 + (b & 0xFF);
    }
    ByteClasses bytes = ByteClasses.of(labels);
    int[] next = new int[(text.length + 1) * bytes.count()];
    Arrays.fill(next, Dfa.DEAD);
    for (int i = 0; i < text.length; i++) {
      next[i * bytes.count() + bytes.classOf()[text[i] & 0xFF]] = i + 1;
    }
    boolean[] accepting = new boolean[text.length + 1];
    accepting[text.length] = true;
    return DfaTrimmer.trim(bytes, next, accepting);
  }
}
