package dev.qwq.engine;

import java.util.ArrayList;
import java.util.List;

/** Forces tokens after a number of generated ones, and writes down what it hears. */
final class ForcingSteering implements Steering {
  private final int at;
  private final int[] tokens;
  private final List<String> heard = new ArrayList<>();
  private int generated;

  /**
   * Forces once.
   *
   * @param at after how many tokens; 0: before the first
   */
  ForcingSteering(int at, int... tokens) {
    this.at = at;
    this.tokens = tokens;
  }

  @Override
  public void beforeFirst(Control control) {
    heard.add("first");
    force(control);
  }

  @Override
  public void after(int token, boolean forced, Control control) {
    heard.add((forced ? "forced " : "drawn ") + token);
    generated++;
    force(control);
  }

  private void force(Control control) {
    if (generated == at) {
      control.force(tokens);
    }
  }

  /** Every call, in order. */
  List<String> heard() {
    return heard;
  }
}
