package dev.qwq;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** How likely a model finds a text. Immutable. */
public final class Evaluation {
  private final double meanNll;
  private final float[] logprobs;
  private final Map<Integer, float[]> logits;

  Evaluation(double meanNll, float[] logprobs, Map<Integer, float[]> logits) {
    this.meanNll = meanNll;
    this.logprobs = logprobs;
    this.logits = new TreeMap<>(logits);
  }

  /**
   * Returns the mean negative log-likelihood of a token given those before it. Its exponential is
   * the perplexity.
   *
   * @return in nats, 0 or more; NaN if nothing was predicted
   */
  public double meanNll() {
    return meanNll;
  }

  /**
   * Returns the number of predictions: one fewer than tokens.
   *
   * @return the count
   */
  public int predictions() {
    return logprobs.length;
  }

  /**
   * Returns the log-probability of each token but the first, given those before it.
   *
   * @return a copy, in nats; element i belongs to token i + 1
   */
  public float[] logprobs() {
    return logprobs.clone();
  }

  /**
   * Returns the positions whose logits were asked for.
   *
   * @return ascending positions
   */
  public Set<Integer> positions() {
    return new TreeSet<>(logits.keySet());
  }

  /**
   * Returns the logits after a position.
   *
   * @param position one of {@link #positions()}
   * @return a copy, one logit for each row of the output matrix
   * @throws QwqException with {@code INVALID_ARGUMENT} if they were not asked for
   */
  public float[] logits(int position) {
    float[] row = logits.get(position);
    if (row == null) {
      throw new QwqException(
          ErrorCode.INVALID_ARGUMENT,
          "position: expected one of " + logits.keySet() + ", found " + position);
    }
    return row.clone();
  }
}
