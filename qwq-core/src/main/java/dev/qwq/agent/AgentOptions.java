package dev.qwq.agent;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import java.time.Duration;
import java.util.Objects;

/** What an {@link Agent} may do. Immutable and safe for use by many threads. */
public final class AgentOptions {
  private static final AgentOptions DEFAULTS = builder().build();

  private final int maxRounds;
  private final int maxCallsPerRound;
  private final Duration callTimeout;
  private final Duration timeout;
  private final ToolApproval approval;

  private AgentOptions(Builder builder) {
    maxRounds = builder.maxRounds;
    maxCallsPerRound = builder.maxCallsPerRound;
    callTimeout = builder.callTimeout;
    timeout = builder.timeout;
    approval = builder.approval;
  }

  /**
   * Returns the default options.
   *
   * @return 10 rounds of at most 16 calls of a minute each, an hour altogether, all calls approved
   */
  public static AgentOptions defaults() {
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
   * Returns how many rounds of calls are run for one message.
   *
   * @return above 0
   */
  public int maxRounds() {
    return maxRounds;
  }

  /**
   * Returns how many calls of one reply are run.
   *
   * @return above 0
   */
  public int maxCallsPerRound() {
    return maxCallsPerRound;
  }

  /**
   * Returns how long one call may take.
   *
   * @return above 0
   */
  public Duration callTimeout() {
    return callTimeout;
  }

  /**
   * Returns how long all rounds of one message may take, the model's replies included.
   *
   * @return above 0
   */
  public Duration timeout() {
    return timeout;
  }

  /**
   * Returns who decides which calls are run.
   *
   * @return the hook
   */
  public ToolApproval approval() {
    return approval;
  }

  /** Builds {@link AgentOptions}. Not thread-safe. */
  public static final class Builder {
    private int maxRounds = 10;
    private int maxCallsPerRound = 16;
    private Duration callTimeout = Duration.ofMinutes(1);
    private Duration timeout = Duration.ofHours(1);
    private ToolApproval approval = (tool, call) -> ToolApproval.Decision.allow();

    private Builder() {}

    /**
     * Limits the rounds of calls for one message. After the last one the model is told to answer
     * without further calls.
     *
     * @param value above 0; default 10
     * @return this builder
     */
    public Builder maxRounds(int value) {
      maxRounds = value;
      return this;
    }

    /**
     * Limits the calls of one reply. Those above are not run, which the model is told.
     *
     * @param value above 0; default 16
     * @return this builder
     */
    public Builder maxCallsPerRound(int value) {
      maxCallsPerRound = value;
      return this;
    }

    /**
     * Limits the time of one call. A call that takes longer is interrupted, and the model is told.
     *
     * @param value above 0; default 1 minute
     * @return this builder
     */
    public Builder callTimeout(Duration value) {
      callTimeout = Objects.requireNonNull(value, "callTimeout");
      return this;
    }

    /**
     * Limits the time of all rounds of one message, the model's replies included.
     *
     * @param value above 0; default 1 hour
     * @return this builder
     */
    public Builder timeout(Duration value) {
      timeout = Objects.requireNonNull(value, "timeout");
      return this;
    }

    /**
     * Sets who decides, before each call, whether it is run.
     *
     * @param value the hook; by default all calls are
     * @return this builder
     */
    public Builder approval(ToolApproval value) {
      approval = Objects.requireNonNull(value, "approval");
      return this;
    }

    /**
     * Builds the options.
     *
     * @return the options
     * @throws QwqException with {@code INVALID_ARGUMENT}, naming the field that is out of its range
     */
    public AgentOptions build() {
      check("maxRounds", maxRounds > 0, maxRounds);
      check("maxCallsPerRound", maxCallsPerRound > 0, maxCallsPerRound);
      check("callTimeout", callTimeout.isPositive(), callTimeout);
      check("timeout", timeout.isPositive(), timeout);
      return new AgentOptions(this);
    }

    private static void check(String field, boolean valid, Object found) {
      if (!valid) {
        throw new QwqException(
            ErrorCode.INVALID_ARGUMENT, field + ": expected above 0, found " + found);
      }
    }
  }
}
