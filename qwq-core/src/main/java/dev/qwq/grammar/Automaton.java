package dev.qwq.grammar;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An automaton that is described, not written down.
 *
 * @param <S> its states; equal ones are the same state
 */
interface Automaton<S> {
  /** More states than any sensible pattern needs. */
  int MAX_STATES = 200_000;

  /** Where a text begins. */
  S start();

  /** Tells whether a text may end here. */
  boolean accepts(S state);

  /** Takes a byte; null if no text goes on with it. */
  @Nullable S next(S state, int unsignedByte);

  /** Bytes that no state tells apart may be in one class. */
  ByteClasses classes();

  /**
   * Writes the automaton down.
   *
   * @throws QwqException with {@code INVALID_ARGUMENT} if it has more than {@link #MAX_STATES}
   */
  default Dfa toDfa() {
    ByteClasses bytes = classes();
    Map<S, Integer> numbers = new HashMap<>();
    List<S> states = new ArrayList<>();
    numbers.put(start(), 0);
    states.add(start());
    int[] table = new int[64 * bytes.count()];
    for (int s = 0; s < states.size(); s++) {
      if ((s + 1) * bytes.count() > table.length) {
        table = Arrays.copyOf(table, 2 * table.length);
      }
      for (int c = 0; c < bytes.count(); c++) {
        S target = next(states.get(s), bytes.example()[c]);
        int number = Dfa.DEAD;
        if (target != null) {
          Integer known = numbers.get(target);
          if (known == null) {
            known = states.size();
            numbers.put(target, known);
            states.add(target);
          }
          number = known;
        }
        table[s * bytes.count() + c] = number;
      }
      if (states.size() > MAX_STATES) {
        throw new QwqException(
            ErrorCode.INVALID_ARGUMENT,
            "pattern: expected an automaton of at most "
                + MAX_STATES
                + " states, found more; shorten its counts or lengths");
      }
    }
    boolean[] accepting = new boolean[states.size()];
    for (int s = 0; s < accepting.length; s++) {
      accepting[s] = accepts(states.get(s));
    }
    return DfaTrimmer.trim(bytes, Arrays.copyOf(table, states.size() * bytes.count()), accepting);
  }
}
