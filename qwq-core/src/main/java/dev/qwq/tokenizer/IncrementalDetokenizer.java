package dev.qwq.tokenizer;

/**
 * Turns ids into text one at a time, never cutting a character in two.
 *
 * <p>A token may end in the middle of a character's UTF-8 bytes; these are held back until the rest
 * arrives. Bytes that can never become a character turn into U+FFFD, one for each maximal part, as
 * Python's {@code errors="replace"} has it; so the pieces put together are what {@link
 * Tokenizer#decode} gives for all ids at once.
 *
 * <p>Not thread-safe: one instance per generated text.
 */
public final class IncrementalDetokenizer {
  private final Tokenizer tokenizer;
  private final Utf8Decoder decoder = new Utf8Decoder();
  private final StringBuilder text = new StringBuilder();

  IncrementalDetokenizer(Tokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  /**
   * Takes the next token.
   *
   * @param id its id
   * @return the characters that are complete now; may be empty
   * @throws dev.qwq.QwqException with {@code INVALID_ARGUMENT} if there is no such id
   */
  public String accept(int id) {
    tokenizer.decodeInto(id, decoder, text);
    return take();
  }

  /**
   * Tells whether the text so far ends in the middle of a character.
   *
   * @return whether bytes are held back
   */
  public boolean isInsideCharacter() {
    return decoder.isInsideCharacter();
  }

  /**
   * Ends the text. Afterwards the instance is as new.
   *
   * @return U+FFFD if the text ended inside a character, else the empty string
   */
  public String finish() {
    decoder.finish(text);
    return take();
  }

  private String take() {
    String result = text.toString();
    text.setLength(0);
    return result;
  }
}
