package dev.qwq.output;

import java.util.Map;

/** Receives a reply in pieces; texts are never empty. */
public interface OutputSink {
  /**
   * The next piece of thinking.
   *
   * @param text without markers
   */
  void onReasoning(String text);

  /**
   * The next piece of the answer.
   *
   * @param text without tool calls
   */
  void onAnswer(String text);

  /**
   * A complete tool call.
   *
   * @param name the tool's name
   * @param arguments its arguments
   */
  void onToolCall(String name, Map<String, Object> arguments);
}
