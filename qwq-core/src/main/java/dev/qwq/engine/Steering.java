package dev.qwq.engine;

/**
 * Steers a generation while it runs: writes tokens of its own into it, ends it, changes how the
 * next tokens are drawn. Hears of every token in order, exactly once, whatever happens to the
 * generation meanwhile (preemption, repeated steps). One steering belongs to one generation.
 *
 * <p>All methods are called on the engine thread, which computes nothing meanwhile: they must
 * return quickly. What they decide from the tokens alone is as reproducible as the tokens. An
 * exception thrown here ends the generation as {@link GenerationEnd.Reason#FAILED}, and no other
 * one.
 */
public interface Steering {
  /**
   * A token that the generation began with before it was interrupted; it goes on behind the last of
   * them. Called for each of them in order, before anything else.
   *
   * @param token its id
   */
  default void resumed(int token) {}

  /**
   * The prompt is in the KV cache but for the step that would draw the first token.
   *
   * @param control takes what is to happen; not to be used after the call
   */
  default void beforeFirst(Control control) {}

  /**
   * A token was generated, and the listener has heard of it. Not called after one that ends the
   * generation.
   *
   * @param token its id
   * @param forced false if it was drawn, true if a steering asked for it
   * @param control takes what is to happen; not to be used after the call
   */
  void after(int token, boolean forced, Control control);

  /** What a steering can ask for. */
  interface Control {
    /**
     * Makes these the next tokens, behind those that are forced already: nothing is drawn before
     * them, and they are computed together in one step. They count as generated in every way: for
     * the listener (which hears {@link Float#NaN} as their log-probability), for penalties, the
     * mask, stop tokens, limits, the numbering of draws, and the KV cache.
     *
     * @param tokens ids of the vocabulary
     * @throws dev.qwq.QwqException with {@code INVALID_ARGUMENT} for an id out of range
     */
    void force(int... tokens);

    /**
     * Ends the generation here; tokens that are forced and not generated yet are dropped.
     *
     * @param reason what the listener hears; not {@code FAILED}
     */
    void end(GenerationEnd.Reason reason);

    /**
     * Returns how the next token will be drawn.
     *
     * @return the parameters in force
     */
    SamplingParameters sampling();

    /**
     * Draws differently from here on. Penalties that come in now see the whole generation so far.
     *
     * @param parameters the new parameters, with token ids of the vocabulary
     */
    void sampling(SamplingParameters parameters);
  }
}
