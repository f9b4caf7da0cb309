package dev.qwq;

import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** How one reply is generated. Immutable and safe for use by many threads. */
public final class GenerationOptions {
  private static final GenerationOptions DEFAULTS = builder().build();

  private final Optional<Sampler> sampler;
  private final int maxTokens;
  private final List<String> stopStrings;
  private final ReasoningFormat reasoningFormat;

  private GenerationOptions(Builder builder) {
    sampler = Optional.ofNullable(builder.sampler);
    maxTokens = builder.maxTokens;
    stopStrings = builder.stopStrings;
    reasoningFormat = builder.reasoningFormat;
  }

  /**
   * Returns the options that leave everything to the model.
   *
   * @return the model's sampler, tokens up to the end of the context, no stop strings
   */
  public static GenerationOptions defaults() {
    return DEFAULTS;
  }

  /**
   * Begins options.
   *
   * @return a new builder with the defaults
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Begins options like these.
   *
   * @return a new builder with these values
   */
  public Builder toBuilder() {
    Builder builder = new Builder();
    builder.sampler = sampler.orElse(null);
    builder.maxTokens = maxTokens;
    builder.stopStrings = stopStrings;
    builder.reasoningFormat = reasoningFormat;
    return builder;
  }

  /**
   * Returns how tokens are drawn.
   *
   * @return the sampler; empty: what the model recommends
   */
  public Optional<Sampler> sampler() {
    return sampler;
  }

  /**
   * Returns the limit on generated tokens, thinking included.
   *
   * @return above 0; {@link Integer#MAX_VALUE}: up to the end of the context
   */
  public int maxTokens() {
    return maxTokens;
  }

  /**
   * Returns the strings that end a reply.
   *
   * @return the strings; not modifiable
   */
  public List<String> stopStrings() {
    return stopStrings;
  }

  /**
   * Returns how thinking is told from the answer.
   *
   * @return the format
   */
  public ReasoningFormat reasoningFormat() {
    return reasoningFormat;
  }

  /** Builds {@link GenerationOptions}. Not thread-safe. */
  public static final class Builder {
    private @Nullable Sampler sampler;
    private int maxTokens = Integer.MAX_VALUE;
    private List<String> stopStrings = List.of();
    private ReasoningFormat reasoningFormat = ReasoningFormat.AUTO;

    private Builder() {}

    /**
     * Sets how tokens are drawn.
     *
     * @param value the sampler; by default what the model recommends
     * @return this builder
     */
    public Builder sampler(Sampler value) {
      sampler = Objects.requireNonNull(value, "sampler");
      return this;
    }

    /**
     * Limits the generated tokens, thinking included.
     *
     * @param value above 0; by default the end of the context is the limit
     * @return this builder
     */
    public Builder maxTokens(int value) {
      maxTokens = value;
      return this;
    }

    /**
     * Ends the reply where one of these strings appears, in the thinking too; the string itself is
     * left out.
     *
     * @param values strings of at least one character; none by default
     * @return this builder
     */
    public Builder stopStrings(String... values) {
      stopStrings = List.of(values);
      return this;
    }

    /**
     * Sets how thinking is told from the answer.
     *
     * @param value the format; default {@link ReasoningFormat#AUTO}
     * @return this builder
     */
    public Builder reasoningFormat(ReasoningFormat value) {
      reasoningFormat = Objects.requireNonNull(value, "reasoningFormat");
      return this;
    }

    /**
     * Builds the options.
     *
     * @return the options
     * @throws QwqException with {@code INVALID_ARGUMENT}, naming the field that is out of its range
     */
    public GenerationOptions build() {
      if (maxTokens <= 0) {
        throw new QwqException(
            ErrorCode.INVALID_ARGUMENT, "maxTokens: expected above 0, found " + maxTokens);
      }
      if (stopStrings.contains("")) {
        throw new QwqException(
            ErrorCode.INVALID_ARGUMENT,
            "stopStrings: expected at least one character each, found an empty string");
      }
      return new GenerationOptions(this);
    }
  }
}
