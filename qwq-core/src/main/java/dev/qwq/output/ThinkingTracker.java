package dev.qwq.output;

import dev.qwq.tokenizer.IncrementalDetokenizer;
import dev.qwq.tokenizer.Tokenizer;

/**
 * Follows, token by token, whether a reply is still thinking, and how its text ends: what is needed
 * to write into it. Tells thinking from answer as {@link OutputParser} does. Not thread-safe.
 */
public final class ThinkingTracker {
  private static final ReasoningParser.Parts NOWHERE =
      new ReasoningParser.Parts() {
        @Override
        public void reasoning(String text) {}

        @Override
        public void answer(String text) {}
      };

  private final Tokenizer tokenizer;
  private final IncrementalDetokenizer detokenizer;
  private final ReasoningParser parser;
  private final boolean openedByPrompt;
  private boolean begun;
  private char last;
  private int tokens;

  /**
   * Begins a reply.
   *
   * @param tokenizer the model's
   * @param start how the reply begins
   * @param openedByPrompt whether the prompt ends in an open marker, rather than leaving it to the
   *     model
   */
  public ThinkingTracker(Tokenizer tokenizer, ReasoningStart start, boolean openedByPrompt) {
    this.tokenizer = tokenizer;
    this.openedByPrompt = openedByPrompt;
    detokenizer = tokenizer.newDetokenizer();
    parser = new ReasoningParser(start, NOWHERE);
  }

  /**
   * Takes the next token.
   *
   * @param token its id
   * @return whether it belongs to the thinking, the closing marker included
   */
  public boolean accept(int token) {
    boolean wasThinking = parser.thinking();
    if (parser.decided()) {
      return false; // it is the answer, and stays one
    }
    if (token < tokenizer.size() && !tokenizer.isSpecial(token)) {
      String piece = detokenizer.accept(token);
      if (!piece.isEmpty()) {
        begun = true;
        last = piece.charAt(piece.length() - 1);
      }
      parser.accept(piece);
    }
    boolean thinks = wasThinking || parser.thinking();
    if (thinks) {
      tokens++;
    }
    return thinks;
  }

  /**
   * Tells whether the reply is thinking.
   *
   * @return true until the closing marker is complete
   */
  public boolean thinking() {
    return parser.thinking();
  }

  /**
   * Returns how many tokens the thinking has so far.
   *
   * @return the count, markers included
   */
  public int tokens() {
    return tokens;
  }

  /**
   * Tells whether text may be written into the thinking here: not in the middle of a character or
   * of an opening marker.
   *
   * @return whether it is thinking and may be closed
   */
  public boolean canWrite() {
    return parser.thinking()
        && !detokenizer.isInsideCharacter()
        && (!parser.beforeThinking() || parser.pending().isBlank());
  }

  /**
   * Tells whether nobody has written an opening marker, nor anything else that thinking begins
   * with.
   *
   * @return whether a closed block needs an opening marker
   */
  public boolean needsOpening() {
    return !openedByPrompt && parser.beforeThinking();
  }

  /**
   * Tells whether the reply's last character ends a line.
   *
   * @return false also if the reply has no text yet
   */
  public boolean endsLine() {
    return begun && last == '\n';
  }

  /**
   * Tells whether the reply has no text yet.
   *
   * @return whether it has none
   */
  public boolean isEmpty() {
    return !begun;
  }

  /**
   * Returns the beginning of a closing marker that the text ends in.
   *
   * @return what may become {@code </think>}, or the empty string
   */
  public String partialClosing() {
    return parser.beforeThinking() ? "" : parser.pending();
  }
}
