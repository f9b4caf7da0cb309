package dev.qwq.output;

import dev.qwq.tokenizer.IncrementalDetokenizer;
import dev.qwq.tokenizer.Tokenizer;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The way of a generated token: text, stop strings, thinking or answer, tool calls. What the sink
 * receives is free of blank space around thinking and answer, so that the pieces put together are
 * the reply's parts; with {@link ReasoningStart#OFF} the text is passed on as it is. Not
 * thread-safe.
 */
public final class OutputParser {
  private final @Nullable Tokenizer tokenizer;
  private final @Nullable IncrementalDetokenizer detokenizer;
  private final StopMatcher stopMatcher;
  private final ReasoningParser reasoningParser;
  private final @Nullable ToolCallParser toolCallParser;
  private final @Nullable Trimmer answerTrimmer;
  private final OutputSink sink;

  private final StringBuilder text = new StringBuilder();
  private int thinkingTokens;
  private int answerTokens;

  /**
   * Begins a reply.
   *
   * @param tokenizer the model's; null: tokens are only counted
   * @param stopStrings what ends the text
   * @param start how the reply begins
   * @param tools whether tool calls are looked for
   * @param sink receives the parts
   */
  public OutputParser(
      @Nullable Tokenizer tokenizer,
      List<String> stopStrings,
      ReasoningStart start,
      boolean tools,
      OutputSink sink) {
    this.tokenizer = tokenizer;
    this.sink = sink;
    detokenizer = tokenizer == null ? null : tokenizer.newDetokenizer();
    stopMatcher = new StopMatcher(stopStrings);
    answerTrimmer = start == ReasoningStart.OFF ? null : new Trimmer();
    toolCallParser =
        tools
            ? new ToolCallParser(
                new ToolCallParser.Parts() {
                  @Override
                  public void text(String text) {
                    answer(text);
                  }

                  @Override
                  public void call(String name, Map<String, Object> arguments) {
                    sink.onToolCall(name, arguments);
                  }
                })
            : null;
    reasoningParser =
        new ReasoningParser(
            tokenizer == null ? ReasoningStart.OFF : start,
            new ReasoningParser.Parts() {
              @Override
              public void reasoning(String text) {
                sink.onReasoning(text);
              }

              @Override
              public void answer(String text) {
                if (toolCallParser != null) {
                  toolCallParser.accept(text);
                } else {
                  OutputParser.this.answer(text);
                }
              }
            });
  }

  /**
   * Takes the next token. Special tokens and padding count, but have no text.
   *
   * @param token its id
   * @return whether to go on: false once a stop string has appeared
   */
  public boolean accept(int token) {
    boolean wasThinking = reasoningParser.thinking();
    if (tokenizer != null
        && detokenizer != null
        && token < tokenizer.size() // ids from there on are padding
        && !tokenizer.isSpecial(token)) {
      pass(detokenizer.accept(token));
    }
    if (wasThinking || reasoningParser.thinking()) {
      thinkingTokens++;
    } else {
      answerTokens++;
    }
    return !stopMatcher.stopped();
  }

  /** Takes the token that ends the turn: it counts, but has no text. */
  public void acceptEnd() {
    answerTokens++;
  }

  /** Ends the reply: passes on all that was held back. Call once. */
  public void finish() {
    if (detokenizer != null) {
      pass(detokenizer.finish());
    }
    if (!stopMatcher.stopped()) {
      take(stopMatcher.finish());
    }
    reasoningParser.finish();
    if (toolCallParser != null) {
      toolCallParser.finish();
    }
  }

  /**
   * Returns the whole text so far, as the model wrote it, up to a stop string.
   *
   * @return the text
   */
  public String text() {
    return text.toString();
  }

  /**
   * Returns how many tokens the thinking has so far.
   *
   * @return the count, markers included
   */
  public int thinkingTokens() {
    return thinkingTokens;
  }

  /**
   * Returns how many tokens all else has so far.
   *
   * @return the count, the end token included
   */
  public int answerTokens() {
    return answerTokens;
  }

  private void pass(String piece) {
    take(stopMatcher.accept(piece));
  }

  private void take(String piece) {
    text.append(piece);
    reasoningParser.accept(piece);
  }

  private void answer(String piece) {
    String passed = answerTrimmer == null ? piece : answerTrimmer.accept(piece);
    if (!passed.isEmpty()) {
      sink.onAnswer(passed);
    }
  }
}
