package dev.qwq.agent;

import dev.qwq.Reply;
import java.time.Duration;
import java.util.List;

/**
 * A reply of the model and what came of its calls.
 *
 * @param reply the reply
 * @param outcomes what came of its calls, in their order; none in the round that answers
 * @param duration how long reply and calls took
 */
public record AgentRound(Reply reply, List<ToolOutcome> outcomes, Duration duration) {
  /** Copies the list. */
  public AgentRound {
    outcomes = List.copyOf(outcomes);
  }
}
