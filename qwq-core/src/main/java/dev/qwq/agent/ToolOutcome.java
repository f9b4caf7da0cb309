package dev.qwq.agent;

import dev.qwq.ToolCall;
import dev.qwq.ToolResult;
import java.time.Duration;
import java.util.Optional;

/**
 * What came of a call.
 *
 * @param call the call
 * @param status how it ended
 * @param result what the model is told
 * @param duration how long the tool ran; zero if it was not run
 * @param failure what the tool threw; empty if it threw nothing
 */
public record ToolOutcome(
    ToolCall call,
    Status status,
    ToolResult result,
    Duration duration,
    Optional<Throwable> failure) {
  /** How a call ended. */
  public enum Status {
    /** The tool gave a result. */
    SUCCEEDED,
    /** The tool threw, or its result says that it failed. */
    FAILED,
    /** The tool took too long and was interrupted. */
    TIMED_OUT,
    /** The arguments do not match the tool's parameters. */
    INVALID_ARGUMENTS,
    /** What the model wrote is no call: its JSON is broken. The call has no name. */
    MALFORMED,
    /** There is no such tool. */
    UNKNOWN_TOOL,
    /** {@link AgentOptions#approval()} refused it. */
    REFUSED,
    /** It was not run: there were too many calls or rounds. */
    OVER_LIMIT,
    /** The agent was cancelled, or its time was up, before the call had ended. */
    CANCELLED
  }

  /** A call that was not run. */
  static ToolOutcome notRun(ToolCall call, Status status, String message) {
    return new ToolOutcome(
        call, status, ToolResult.error(message), Duration.ZERO, Optional.empty());
  }
}
