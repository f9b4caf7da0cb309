package dev.qwq.agent;

import dev.qwq.Tool;
import dev.qwq.ToolCall;
import java.util.Objects;

/** Decides whether a call is run: asks a person, say. */
@FunctionalInterface
public interface ToolApproval {
  /**
   * Decides about a call. The calls of a reply are decided one after the other, in their order,
   * before any of them is run.
   *
   * @param tool the tool
   * @param call the call; its arguments are not checked yet
   * @return whether it is run
   * @throws InterruptedException if the agent was cancelled meanwhile
   */
  Decision decide(Tool tool, ToolCall call) throws InterruptedException;

  /**
   * Whether a call is run.
   *
   * @param allowed whether it is
   * @param reason why not, for the model; empty if it is
   */
  record Decision(boolean allowed, String reason) {
    private static final Decision ALLOWED = new Decision(true, "");

    /** Checks the parts. */
    public Decision {
      Objects.requireNonNull(reason, "reason");
    }

    /**
     * Allows a call.
     *
     * @return the decision
     */
    public static Decision allow() {
      return ALLOWED;
    }

    /**
     * Refuses a call.
     *
     * @param reason why, for the model
     * @return the decision
     */
    public static Decision refuse(String reason) {
      return new Decision(false, reason);
    }
  }
}
