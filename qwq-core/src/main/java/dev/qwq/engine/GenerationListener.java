package dev.qwq.engine;

/**
 * Hears what a generation does. All methods are called on the engine thread, which computes nothing
 * meanwhile: they must return quickly, and never wait for another generation. They may submit,
 * cancel and close. An exception thrown here ends this generation as {@link
 * GenerationEnd.Reason#FAILED}, and no other one.
 */
public interface GenerationListener {
  /**
   * The prompt is being computed. Called when the generation gets its turn and after each step
   * until the whole prompt is computed; {@code processed} grows from call to call.
   *
   * @param processed tokens of the prompt that are in the KV cache now, {@code cached} included
   * @param total tokens of the prompt
   * @param cached tokens of the prompt that were in the KV cache before
   */
  default void onPrefill(int processed, int total, int cached) {}

  /**
   * A token has been generated.
   *
   * @param token its id
   * @param logprob natural logarithm of its probability by the model's own distribution, before
   *     bias, penalties and temperature; {@link Float#NaN} for a token that a {@link Steering}
   *     forced
   * @param top the likeliest tokens, as many as the sampling parameters ask for; none with a token
   *     that was forced
   */
  void onToken(int token, float logprob, TopLogprobs top);

  /**
   * The generation is over; called exactly once, whatever happened, and nothing is called after it.
   * The sequence is free for another generation already.
   *
   * @param end how it ended
   */
  void onEnd(GenerationEnd end);
}
