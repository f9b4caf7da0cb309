package dev.qwq.engine;

/**
 * The likeliest tokens at one position, most likely first. Log-probabilities are natural logarithms
 * of the model's own distribution, before bias, penalties and temperature.
 *
 * @param tokens ids
 * @param logprobs one for each id
 */
public record TopLogprobs(int[] tokens, float[] logprobs) {
  /** No tokens: none were asked for. */
  public static final TopLogprobs NONE = new TopLogprobs(new int[0], new float[0]);
}
