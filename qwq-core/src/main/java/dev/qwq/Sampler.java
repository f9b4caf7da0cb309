package dev.qwq;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;

/**
 * How the next token is drawn. Immutable and safe for use by many threads.
 *
 * <p>The steps are taken in this order: logit bias; repetition, frequency and presence penalties;
 * temperature; min-p; top-k; top-p; draw. A temperature of 0 takes the most likely token instead.
 * Padding ids beyond the tokenizer's vocabulary are never drawn.
 *
 * <p>{@link Model#sampler()} is what a model recommends for itself; start from it with {@link
 * #toBuilder()} to change one thing.
 */
public final class Sampler {
  private final float temperature;
  private final int topK;
  private final float topP;
  private final float minP;
  private final float presencePenalty;
  private final float frequencyPenalty;
  private final float repetitionPenalty;
  private final OptionalLong seed;
  private final Map<Integer, Float> logitBias;

  private Sampler(Builder builder) {
    temperature = builder.temperature;
    topK = builder.topK;
    topP = builder.topP;
    minP = builder.minP;
    presencePenalty = builder.presencePenalty;
    frequencyPenalty = builder.frequencyPenalty;
    repetitionPenalty = builder.repetitionPenalty;
    seed = builder.seed;
    logitBias = Collections.unmodifiableMap(new LinkedHashMap<>(builder.logitBias));
  }

  /**
   * Begins a sampler with temperature 1 and everything else off: it draws from the model's own
   * distribution.
   *
   * @return a new builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Returns the sampler that always takes the most likely token, the lowest id on ties. Reasoning
   * models tend to repeat themselves endlessly under it.
   *
   * @return a sampler of temperature 0
   */
  public static Sampler greedy() {
    return builder().temperature(0).build();
  }

  /**
   * Begins a sampler like this one.
   *
   * @return a new builder with this sampler's values
   */
  public Builder toBuilder() {
    Builder builder = new Builder();
    builder.temperature = temperature;
    builder.topK = topK;
    builder.topP = topP;
    builder.minP = minP;
    builder.presencePenalty = presencePenalty;
    builder.frequencyPenalty = frequencyPenalty;
    builder.repetitionPenalty = repetitionPenalty;
    builder.seed = seed;
    builder.logitBias = new LinkedHashMap<>(logitBias);
    return builder;
  }

  /**
   * Returns the temperature.
   *
   * @return 0 (most likely token) or more
   */
  public float temperature() {
    return temperature;
  }

  /**
   * Returns how many of the most likely tokens may be drawn.
   *
   * @return 0 (all) or more
   */
  public int topK() {
    return topK;
  }

  /**
   * Returns the probability that the tokens which may be drawn add up to at least.
   *
   * @return above 0, at most 1 (off)
   */
  public float topP() {
    return topP;
  }

  /**
   * Returns the least probability of a token relative to the most likely one's.
   *
   * @return 0 (off) or more, below 1
   */
  public float minP() {
    return minP;
  }

  /**
   * Returns what is subtracted once from the logit of every token generated before.
   *
   * @return −2 to 2; 0 is off
   */
  public float presencePenalty() {
    return presencePenalty;
  }

  /**
   * Returns what is subtracted from a token's logit for each time it was generated before.
   *
   * @return −2 to 2; 0 is off
   */
  public float frequencyPenalty() {
    return frequencyPenalty;
  }

  /**
   * Returns what logits of tokens in prompt or reply are divided by (multiplied, where negative).
   *
   * @return above 0; 1 is off
   */
  public float repetitionPenalty() {
    return repetitionPenalty;
  }

  /**
   * Returns the seed.
   *
   * @return the seed; empty: another one for each reply
   */
  public OptionalLong seed() {
    return seed;
  }

  /**
   * Returns what is added to the logits of single tokens.
   *
   * @return bias by token id; not modifiable
   */
  public Map<Integer, Float> logitBias() {
    return logitBias;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Sampler that
        && temperature == that.temperature
        && topK == that.topK
        && topP == that.topP
        && minP == that.minP
        && presencePenalty == that.presencePenalty
        && frequencyPenalty == that.frequencyPenalty
        && repetitionPenalty == that.repetitionPenalty
        && seed.equals(that.seed)
        && logitBias.equals(that.logitBias);
  }

  @Override
  public int hashCode() {
    return Objects.hash(
        temperature,
        topK,
        topP,
        minP,
        presencePenalty,
        frequencyPenalty,
        repetitionPenalty,
        seed,
        logitBias);
  }

  @Override
  public String toString() {
    return "Sampler[temperature=%s, topK=%d, topP=%s, minP=%s, presencePenalty=%s, frequencyPenalty=%s, repetitionPenalty=%s, seed=%s, logitBias=%s]"
        .formatted(
            temperature,
            topK,
            topP,
            minP,
            presencePenalty,
            frequencyPenalty,
            repetitionPenalty,
            seed.isPresent() ? seed.getAsLong() : "random",
            logitBias);
  }

  /** Builds a {@link Sampler}. Not thread-safe. */
  public static final class Builder {
    private float temperature = 1;
    private int topK;
    private float topP = 1;
    private float minP;
    private float presencePenalty;
    private float frequencyPenalty;
    private float repetitionPenalty = 1;
    private OptionalLong seed = OptionalLong.empty();
    private Map<Integer, Float> logitBias = new LinkedHashMap<>();

    private Builder() {}

    /**
     * Sets the temperature: logits are divided by it. QwQ asks for 0.6.
     *
     * @param value 0 (most likely token) or more; default 1
     * @return this builder
     */
    public Builder temperature(float value) {
      temperature = value;
      return this;
    }

    /**
     * Lets only the most likely tokens be drawn. QwQ asks for 20 to 40.
     *
     * @param value how many; 0, the default: all
     * @return this builder
     */
    public Builder topK(int value) {
      topK = value;
      return this;
    }

    /**
     * Lets only the fewest most likely tokens be drawn whose probabilities add up to this. QwQ asks
     * for 0.95.
     *
     * @param value above 0, at most 1; default 1 (off)
     * @return this builder
     */
    public Builder topP(float value) {
      topP = value;
      return this;
    }

    /**
     * Lets only tokens be drawn that are at least this likely relative to the most likely one.
     *
     * @param value at least 0, below 1; default 0 (off)
     * @return this builder
     */
    public Builder minP(float value) {
      minP = value;
      return this;
    }

    /**
     * Makes tokens that were generated before less likely. For QwQ 0 to 2 against endless
     * repetition; much of it may mix languages.
     *
     * @param value −2 to 2; default 0 (off)
     * @return this builder
     */
    public Builder presencePenalty(float value) {
      presencePenalty = value;
      return this;
    }

    /**
     * Makes tokens less likely, the more often they were generated before.
     *
     * @param value −2 to 2; default 0 (off)
     * @return this builder
     */
    public Builder frequencyPenalty(float value) {
      frequencyPenalty = value;
      return this;
    }

    /**
     * Makes tokens of the prompt and of the reply less likely. Values above 1 harm QwQ.
     *
     * @param value above 0; default 1 (off)
     * @return this builder
     */
    public Builder repetitionPenalty(float value) {
      repetitionPenalty = value;
      return this;
    }

    /**
     * Sets the seed: the same seed, model, backend and conversation give the same reply, whatever
     * else the model is doing.
     *
     * @param value any number; by default each reply has its own
     * @return this builder
     */
    public Builder seed(long value) {
      seed = OptionalLong.of(value);
      return this;
    }

    /**
     * Adds to the logit of one token before anything else.
     *
     * @param token its id
     * @param bias any number but NaN; negative infinity forbids the token
     * @return this builder
     */
    public Builder logitBias(int token, float bias) {
      logitBias.put(token, bias);
      return this;
    }

    /**
     * Builds the sampler.
     *
     * @return the sampler
     * @throws QwqException with {@code INVALID_ARGUMENT}, naming the field that is out of its range
     */
    public Sampler build() {
      require(
          temperature >= 0 && Float.isFinite(temperature), "temperature", "0 or more", temperature);
      require(topK >= 0, "topK", "0 or more", topK);
      require(topP > 0 && topP <= 1, "topP", "above 0 and at most 1", topP);
      require(minP >= 0 && minP < 1, "minP", "at least 0 and below 1", minP);
      require(Math.abs(presencePenalty) <= 2, "presencePenalty", "-2 to 2", presencePenalty);
      require(Math.abs(frequencyPenalty) <= 2, "frequencyPenalty", "-2 to 2", frequencyPenalty);
      require(
          repetitionPenalty > 0 && Float.isFinite(repetitionPenalty),
          "repetitionPenalty",
          "above 0",
          repetitionPenalty);
      logitBias.forEach(
          (token, bias) -> {
            require(token >= 0, "logitBias token", "0 or more", token);
            require(
                !Float.isNaN(bias) && bias != Float.POSITIVE_INFINITY,
                "logitBias",
                "a finite number or negative infinity",
                bias);
          });
      return new Sampler(this);
    }

    private static void require(boolean holds, String field, String expected, Number found) {
      if (!holds) {
        throw new QwqException(
            ErrorCode.INVALID_ARGUMENT, field + ": expected " + expected + ", found " + found);
      }
    }
  }
}
