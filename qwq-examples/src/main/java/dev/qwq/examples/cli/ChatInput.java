package dev.qwq.examples.cli;

import java.util.Optional;

/** Where a chat's lines come from. */
interface ChatInput extends AutoCloseable {
  /** Shown before a message, and before a line that goes on with it. */
  String PROMPT = "> ";

  String CONTINUATION = ". ";

  /**
   * Reads a line.
   *
   * @param prompt shown before it, where somebody sees it
   * @return the line; empty where the input ends
   * @throws Interrupted if Ctrl-C came instead
   */
  Optional<String> read(String prompt) throws Interrupted;

  /**
   * Calls an action if Ctrl-C comes, until the handle is closed, or if it came since the last line
   * was read.
   *
   * @param action must return quickly
   */
  Handle onInterrupt(Runnable action);

  @Override
  void close();

  /** Ends something, without a checked exception. */
  interface Handle extends AutoCloseable {
    @Override
    void close();
  }

  /** Ctrl-C at the prompt. */
  final class Interrupted extends Exception {
    private static final long serialVersionUID = 1L;

    private final boolean hadText;

    Interrupted(boolean hadText) {
      super("Ctrl-C");
      this.hadText = hadText;
    }

    /** Tells whether something was typed, which is gone now. */
    boolean hadText() {
      return hadText;
    }
  }
}
