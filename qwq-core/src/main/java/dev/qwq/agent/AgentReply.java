package dev.qwq.agent;

import dev.qwq.Reply;
import java.time.Duration;
import java.util.List;

/**
 * What came of a message: all that the model said and all its calls.
 *
 * @param rounds the replies with their calls, in order; at least one
 * @param end why there are no more
 * @param duration how long all took
 */
public record AgentReply(List<AgentRound> rounds, End end, Duration duration) {
  /** Why an agent stopped. */
  public enum End {
    /** The model answered. */
    ANSWERED,
    /** The model's reply was cut at the limit of its tokens. */
    LENGTH,
    /** The model still wanted calls after the last round. */
    ROUND_LIMIT,
    /** The time for all rounds was up. */
    TIMED_OUT,
    /** Cancelled: stream closed, thread interrupted, session or model closed. */
    CANCELLED
  }

  /** Copies the list. */
  public AgentReply {
    rounds = List.copyOf(rounds);
  }

  /**
   * Returns the model's last reply.
   *
   * @return the one that answers, if {@link #end()} is {@code ANSWERED}
   */
  public Reply reply() {
    return rounds.getLast().reply();
  }

  /**
   * Returns the answer.
   *
   * @return that of the last reply; may be empty or partial unless {@link #end()} is {@code
   *     ANSWERED}
   */
  public String answer() {
    return reply().answer();
  }

  /**
   * Returns what came of all calls.
   *
   * @return of all rounds, in order
   */
  public List<ToolOutcome> outcomes() {
    return rounds.stream().flatMap(round -> round.outcomes().stream()).toList();
  }
}
