package dev.qwq;

/**
 * Who guesses the next tokens of a reply. The model checks several guesses in the time it takes to
 * compute one token, as most of that time goes into reading the weights; it keeps what it would
 * have said itself. A reply is the same, token for token, whoever guesses.
 */
public enum Speculation {
  /** Nobody. */
  OFF,
  /**
   * What followed the last three tokens before is guessed to follow them again. Needs nothing, and
   * pays where a reply quotes: code that is edited, documents that are summed up.
   */
  PROMPT_LOOKUP,
  /** The smaller model that {@link ModelOptions#draftModel()} names. */
  DRAFT_MODEL
}
