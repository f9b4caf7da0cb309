package dev.qwq;

import java.util.Map;

/** Runs the calls of a {@link Tool}. May be used by several threads at once. */
@FunctionalInterface
public interface ToolHandler {
  /**
   * Runs a call. It should stop when its thread is interrupted: then it took too long, or the agent
   * was cancelled.
   *
   * @param arguments what the model gave, not yet checked; not modifiable
   * @return the result
   * @throws ToolArgumentsException if the arguments do not match the tool's parameters
   * @throws Exception if the tool fails; the model is told the message
   */
  ToolResult call(Map<String, Object> arguments) throws Exception;
}
