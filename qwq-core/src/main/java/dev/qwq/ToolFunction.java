package dev.qwq;

import org.jspecify.annotations.Nullable;

/**
 * What a tool does.
 *
 * @param <A> its arguments
 */
@FunctionalInterface
public interface ToolFunction<A> {
  /**
   * Runs the tool. It should stop when its thread is interrupted: then the call took too long, or
   * the agent was cancelled.
   *
   * @param arguments what the model gave
   * @return the result; null is told as {@code null}
   * @throws Exception if the tool fails; the model is told the message
   */
  @SuppressWarnings("exports") // who has no jspecify sees no annotation
  @Nullable Object apply(A arguments) throws Exception;
}
