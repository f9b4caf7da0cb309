package dev.qwq.chat;

/**
 * A rendered conversation, and which parts of it the template itself wrote. Immutable.
 *
 * <p>Only those parts may hold special tokens: {@code tokenizer.encode(prompt.text(),
 * prompt.trustedRanges())}.
 */
public final class RenderedPrompt {
  private final String text;
  private final int[] trustedRanges;

  RenderedPrompt(String text, int[] trustedRanges) {
    this.text = text;
    this.trustedRanges = trustedRanges;
  }

  /**
   * Returns the text.
   *
   * @return what the model is to read
   */
  public String text() {
    return text;
  }

  /**
   * Returns where the template's own text is: what stands in it outside of tags, string literals in
   * its expressions, and {@link ModelText}. All else came from variables, or is made of both so
   * that no boundary can be drawn. Numbers, also those the template computes, count as brought in.
   *
   * @return ascending pairs of begin and end in UTF-16 units, which neither overlap nor touch; a
   *     copy
   */
  public int[] trustedRanges() {
    return trustedRanges.clone();
  }

  /** Returns the text. */
  @Override
  public String toString() {
    return text;
  }
}
