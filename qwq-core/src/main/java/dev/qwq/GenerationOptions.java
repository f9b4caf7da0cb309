package dev.qwq;

import java.time.Duration;
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
  private final ThinkingMode thinking;
  private final ThinkingBudget thinkingBudget;
  private final RepetitionPolicy repetition;
  private final int priority;
  private final Optional<Duration> timeLimit;
  private final Optional<Speculation> speculation;
  private final Optional<OutputFormat> outputFormat;
  private final boolean strictToolCalls;

  private GenerationOptions(Builder builder) {
    sampler = Optional.ofNullable(builder.sampler);
    maxTokens = builder.maxTokens;
    stopStrings = builder.stopStrings;
    reasoningFormat = builder.reasoningFormat;
    thinking = builder.thinking;
    thinkingBudget = builder.thinkingBudget;
    repetition = builder.repetition;
    priority = builder.priority;
    timeLimit = Optional.ofNullable(builder.timeLimit);
    speculation = Optional.ofNullable(builder.speculation);
    outputFormat = Optional.ofNullable(builder.outputFormat);
    strictToolCalls = builder.strictToolCalls;
  }

  /**
   * Returns the options that leave everything to the model.
   *
   * @return the model's sampler, tokens up to the end of the context, no stop strings, thinking as
   *     the model's template has it and without a limit
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
    builder.thinking = thinking;
    builder.thinkingBudget = thinkingBudget;
    builder.repetition = repetition;
    builder.priority = priority;
    builder.timeLimit = timeLimit.orElse(null);
    builder.speculation = speculation.orElse(null);
    builder.outputFormat = outputFormat.orElse(null);
    builder.strictToolCalls = strictToolCalls;
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

  /**
   * Returns whether a model that can think does; of conversations, not of completed texts.
   *
   * @return the mode
   */
  public ThinkingMode thinking() {
    return thinking;
  }

  /**
   * Returns how long the model may think.
   *
   * @return the budget
   */
  public ThinkingBudget thinkingBudget() {
    return thinkingBudget;
  }

  /**
   * Returns what happens when the reply goes round in circles.
   *
   * @return the policy
   */
  public RepetitionPolicy repetition() {
    return repetition;
  }

  /**
   * Returns how urgent the reply is.
   *
   * @return 0 is normal; higher goes first
   */
  public int priority() {
    return priority;
  }

  /**
   * Returns how long the reply may take, waiting for its turn included.
   *
   * @return the limit; empty: none
   */
  public Optional<Duration> timeLimit() {
    return timeLimit;
  }

  /**
   * Returns who guesses the next tokens.
   *
   * @return the speculation; empty: the draft model if the model was opened with one, else nobody
   */
  public Optional<Speculation> speculation() {
    return speculation;
  }

  /**
   * Returns what the answer must look like.
   *
   * @return the format; empty: any text
   */
  public Optional<OutputFormat> outputFormat() {
    return outputFormat;
  }

  /**
   * Tells whether tool calls can only be of the session's tools and their schemas.
   *
   * @return whether they are held to them
   */
  public boolean strictToolCalls() {
    return strictToolCalls;
  }

  /** Builds {@link GenerationOptions}. Not thread-safe. */
  public static final class Builder {
    private @Nullable Sampler sampler;
    private int maxTokens = Integer.MAX_VALUE;
    private List<String> stopStrings = List.of();
    private ReasoningFormat reasoningFormat = ReasoningFormat.AUTO;
    private ThinkingMode thinking = ThinkingMode.AUTO;
    private ThinkingBudget thinkingBudget = ThinkingBudget.unlimited();
    private RepetitionPolicy repetition = RepetitionPolicy.report();
    private int priority;
    private @Nullable Duration timeLimit;
    private @Nullable Speculation speculation;
    private @Nullable OutputFormat outputFormat;
    private boolean strictToolCalls;

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
     * Sets whether a model that can think does; of conversations, not of completed texts.
     *
     * @param value the mode; default {@link ThinkingMode#AUTO}
     * @return this builder
     */
    public Builder thinking(ThinkingMode value) {
      thinking = Objects.requireNonNull(value, "thinking");
      return this;
    }

    /**
     * Switches thinking on or off, where the model can think.
     *
     * @param on {@link ThinkingMode#ON} or {@link ThinkingMode#OFF}
     * @return this builder
     */
    public Builder thinking(boolean on) {
      return thinking(on ? ThinkingMode.ON : ThinkingMode.OFF);
    }

    /**
     * Limits thinking.
     *
     * @param value the budget; default {@link ThinkingBudget#unlimited()}
     * @return this builder
     */
    public Builder thinkingBudget(ThinkingBudget value) {
      thinkingBudget = Objects.requireNonNull(value, "thinkingBudget");
      return this;
    }

    /**
     * Sets what happens when the reply goes round in circles.
     *
     * @param value the policy; default {@link RepetitionPolicy#report()}
     * @return this builder
     */
    public Builder repetition(RepetitionPolicy value) {
      repetition = Objects.requireNonNull(value, "repetition");
      return this;
    }

    /**
     * Sets how urgent the reply is. One of higher priority gets its turn first, and takes the place
     * of running ones of lower priority if there is no room beside them; these go on later without
     * losing a token.
     *
     * @param value any number; default 0
     * @return this builder
     */
    public Builder priority(int value) {
      priority = value;
      return this;
    }

    /**
     * Limits how long the reply may take, from the call on: it then ends with {@link
     * FinishReason#DEADLINE} and what was generated so far.
     *
     * @param value above zero; no limit by default
     * @return this builder
     */
    public Builder timeLimit(Duration value) {
      timeLimit = Objects.requireNonNull(value, "timeLimit");
      return this;
    }

    /**
     * Sets who guesses the next tokens, which the model then checks several at a time. The reply is
     * the same token for token; only its speed changes.
     *
     * @param value the speculation; by default the draft model if the model was opened with one
     * @return this builder
     */
    public Builder speculation(Speculation value) {
      speculation = Objects.requireNonNull(value, "speculation");
      return this;
    }

    /**
     * Sets what the answer must look like.
     *
     * @param value the format; by default any text
     * @return this builder
     */
    public Builder outputFormat(OutputFormat value) {
      outputFormat = Objects.requireNonNull(value, "outputFormat");
      return this;
    }

    /**
     * Sets whether the model, once it has written {@code <tool_call>} in its answer, can write
     * nothing but a call of one of the session's tools, with arguments of that tool's schema. All
     * else stays free, and thinking about calls is none. Schemas must be of the kind that {@link
     * OutputFormat#jsonSchema} takes. Without tools, and beside an output format, without effect.
     *
     * @param value default {@code false}: arguments are checked when the call is run
     * @return this builder
     */
    public Builder strictToolCalls(boolean value) {
      strictToolCalls = value;
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
      if (timeLimit != null && !timeLimit.isPositive()) {
        throw new QwqException(
            ErrorCode.INVALID_ARGUMENT, "timeLimit: expected above zero, found " + timeLimit);
      }
      return new GenerationOptions(this);
    }
  }
}
