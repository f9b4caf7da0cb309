package dev.qwq.grammar;

import java.util.Arrays;

/**
 * For each state of an automaton how many characters that may stand in any JSON string as they are
 * can follow, whichever they are.
 */
final class PlainRuns {
  private static final int UNKNOWN = -1;

  private PlainRuns() {}

  /**
   * Works the runs out.
   *
   * @param limit no run is longer
   * @param insideOnly whether a run stops before the text may end
   */
  static int[] of(Dfa dfa, int limit, boolean insideOnly) {
    int states = dfa.states();
    int[][] successors = new int[states][];
    int[] runs = new int[states];
    Arrays.fill(runs, UNKNOWN);
    Steps steps = new Steps(dfa, insideOnly);
    for (int s = 0; s < states; s++) {
      successors[s] = steps.successors(s);
      if (successors[s].length == 0) {
        runs[s] = 0;
      }
    }
    // A state's run is one more than the shortest of its successors'.
    for (int length = 1; length < limit; length++) {
      boolean any = false;
      for (int s = 0; s < states; s++) {
        if (runs[s] == UNKNOWN) {
          for (int successor : successors[s]) {
            if (runs[successor] == length - 1) {
              runs[s] = length;
              any = true;
              break;
            }
          }
        }
      }
      if (!any) {
        break;
      }
    }
    for (int s = 0; s < states; s++) {
      runs[s] = runs[s] == UNKNOWN ? limit : runs[s];
    }
    return runs;
  }

  /** Where single characters lead. */
  private static final class Steps {
    private final Dfa dfa;
    private final boolean insideOnly;
    private int[] found = new int[16];
    private int count;

    Steps(Dfa dfa, boolean insideOnly) {
      this.dfa = dfa;
      this.insideOnly = insideOnly;
    }

    /** The states behind each plain character; none if one of the characters cannot follow. */
    int[] successors(int state) {
      count = 0;
      boolean all = walk(state, 0x20, 0x21, 0) && walk(state, 0x23, 0x5B, 0);
      all = all && walk(state, 0x5D, 0x7F, 0) && walk(state, 0xC2, 0xDF, 1);
      all = all && lead(state, 0xE0, 0xA0, 0xBF, 1) && walk(state, 0xE1, 0xEC, 2);
      all = all && lead(state, 0xED, 0x80, 0x9F, 1) && walk(state, 0xEE, 0xEF, 2);
      all = all && lead(state, 0xF0, 0x90, 0xBF, 2) && walk(state, 0xF1, 0xF3, 3);
      all = all && lead(state, 0xF4, 0x80, 0x8F, 2);
      return all ? Arrays.copyOf(found, count) : new int[0];
    }

    private boolean lead(int state, int lead, int from, int to, int more) {
      int next = dfa.next(state, lead);
      return usable(next) && walk(next, from, to, more);
    }

    private boolean usable(int state) {
      return state >= 0 && !(insideOnly && dfa.accepts(state));
    }

    private boolean walk(int state, int from, int to, int more) {
      int before = -1;
      for (int b = from; b <= to; b++) {
        int next = dfa.next(state, b);
        if (next == before) {
          continue;
        }
        if (!usable(next) || (more > 0 && !walk(next, 0x80, 0xBF, more - 1))) {
          return false;
        }
        if (more == 0) {
          add(next);
        }
        before = next;
      }
      return true;
    }

    private void add(int state) {
      for (int i = count - 1; i >= 0; i--) {
        if (found[i] == state) {
          return;
        }
      }
      if (count == found.length) {
        found = Arrays.copyOf(found, 2 * count);
      }
      found[count++] = state;
    }
  }
}
