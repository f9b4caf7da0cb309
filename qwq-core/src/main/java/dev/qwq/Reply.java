package dev.qwq;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/** A finished reply. Immutable. */
public final class Reply {
  private final String reasoning;
  private final String answer;
  private final String text;
  private final List<ToolCall> toolCalls;
  private final int[] tokens;
  private final FinishReason finishReason;
  private final Usage usage;

  Reply(
      String reasoning,
      String answer,
      String text,
      List<ToolCall> toolCalls,
      int[] tokens,
      FinishReason finishReason,
      Usage usage) {
    this.reasoning = Objects.requireNonNull(reasoning, "reasoning");
    this.answer = Objects.requireNonNull(answer, "answer");
    this.text = Objects.requireNonNull(text, "text");
    this.toolCalls = List.copyOf(toolCalls);
    this.tokens = tokens;
    this.finishReason = Objects.requireNonNull(finishReason, "finishReason");
    this.usage = Objects.requireNonNull(usage, "usage");
  }

  /**
   * Returns the model's thinking.
   *
   * @return without markers and surrounding blank space; empty if the model did not think
   */
  public String reasoning() {
    return reasoning;
  }

  /**
   * Returns the answer.
   *
   * @return without thinking, tool calls and surrounding blank space; empty if the model only
   *     thought, or only called tools
   */
  public String answer() {
    return answer;
  }

  /**
   * Returns everything the model wrote, as it wrote it: markers and blank space included, special
   * tokens and a stop string excluded.
   *
   * @return the text; empty if the model has no tokenizer
   */
  public String text() {
    return text;
  }

  /**
   * Returns the tools the model wants called.
   *
   * @return the calls in order; not modifiable
   */
  public List<ToolCall> toolCalls() {
    return toolCalls;
  }

  /**
   * Returns the ids of all generated tokens, the end token included.
   *
   * @return a copy
   */
  public int[] tokens() {
    return tokens.clone();
  }

  /**
   * Returns why the reply ended.
   *
   * @return the reason, never null
   */
  public FinishReason finishReason() {
    return finishReason;
  }

  /**
   * Returns what the reply took.
   *
   * @return tokens and times
   */
  public Usage usage() {
    return usage;
  }

  /** Returns the answer, so that a reply can be printed as it is. */
  @Override
  public String toString() {
    return answer;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Reply reply
        && text.equals(reply.text)
        && toolCalls.equals(reply.toolCalls)
        && finishReason == reply.finishReason
        && Arrays.equals(tokens, reply.tokens);
  }

  @Override
  public int hashCode() {
    return 31 * text.hashCode() + Arrays.hashCode(tokens);
  }
}
