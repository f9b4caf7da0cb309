package dev.qwq;

import dev.qwq.engine.GenerationEnd;
import dev.qwq.output.OutputParser;
import dev.qwq.output.OutputSink;
import dev.qwq.output.ReasoningStart;
import dev.qwq.tokenizer.Tokenizer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Turns generated tokens into events and, at the end, into a {@link Reply}. Not thread-safe. */
final class ReplyBuilder implements OutputSink {
  private final @Nullable Tokenizer tokenizer;
  private final Set<Integer> endTokens;
  private final Consumer<ChatEvent> events;
  private final OutputParser parser;

  private final StringBuilder reasoning = new StringBuilder();
  private final StringBuilder answer = new StringBuilder();
  private final List<ToolCall> toolCalls = new ArrayList<>();
  private int[] tokens = new int[64];
  private int count;
  private int forced;
  private boolean stoppedByString;

  ReplyBuilder(
      @Nullable Tokenizer tokenizer,
      Set<Integer> endTokens,
      List<String> stopStrings,
      ReasoningStart start,
      boolean tools,
      Consumer<ChatEvent> events) {
    this.tokenizer = tokenizer;
    this.endTokens = endTokens;
    this.events = events;
    parser = new OutputParser(tokenizer, stopStrings, start, tools, this);
  }

  /** Takes the next token; false once a stop string has appeared, and no more tokens count. */
  boolean accept(int token, boolean isForced) {
    if (stoppedByString) {
      return false;
    }
    if (count == tokens.length) {
      tokens = Arrays.copyOf(tokens, 2 * count);
    }
    tokens[count++] = token;
    if (isForced) {
      forced++;
    }
    if (endTokens.contains(token)) {
      parser.acceptEnd();
    } else if (!parser.accept(token)) {
      stoppedByString = true;
    }
    return !stoppedByString;
  }

  /** True once a stop string has appeared. */
  boolean isStopped() {
    return stoppedByString;
  }

  /** The text of the last tokens; empty without a tokenizer. */
  String lastText(int length) {
    return tokenizer == null
        ? ""
        : tokenizer.decode(Arrays.copyOfRange(tokens, count - length, count));
  }

  /** Ends the reply: the last pieces become events. */
  Reply finish(GenerationEnd end, Duration thinkingTime) {
    parser.finish();
    FinishReason reason =
        stoppedByString
            ? FinishReason.STOP
            : switch (end.reason()) {
              case STOP -> toolCalls.isEmpty() ? FinishReason.STOP : FinishReason.TOOL_CALLS;
              case LENGTH -> FinishReason.LENGTH;
              case REPETITION -> FinishReason.REPETITION;
              case DEADLINE -> FinishReason.DEADLINE;
              case CANCELLED, FAILED -> FinishReason.CANCELLED;
            };
    return new Reply(
        reasoning.toString(),
        answer.toString(),
        parser.text(),
        toolCalls,
        Arrays.copyOf(tokens, count),
        reason,
        usage(end, thinkingTime));
  }

  private Usage usage(GenerationEnd end, Duration thinkingTime) {
    boolean any = end.generatedTokens() > 0;
    int paced = end.generatedTokens() - 1;
    return new Usage(
        end.promptTokens(),
        end.cachedTokens(),
        parser.thinkingTokens(),
        parser.answerTokens(),
        forced,
        end.draftedTokens(),
        end.acceptedTokens(),
        thinkingTime,
        any ? Duration.ofNanos(end.queueNanos() + end.prefillNanos()) : Duration.ZERO,
        paced > 0 && end.decodeNanos() > 0 ? paced * 1e9 / end.decodeNanos() : 0);
  }

  @Override
  public void onReasoning(String text) {
    reasoning.append(text);
    events.accept(new ChatEvent.Reasoning(text));
  }

  @Override
  public void onAnswer(String text) {
    answer.append(text);
    events.accept(new ChatEvent.Answer(text));
  }

  @Override
  public void onToolCall(String name, Map<String, Object> arguments) {
    ToolCall call = new ToolCall(name, arguments);
    toolCalls.add(call);
    events.accept(new ChatEvent.ToolCall(call));
  }
}
