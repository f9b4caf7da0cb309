package dev.qwq.examples.cli;

import dev.qwq.ChatEvent;
import dev.qwq.FinishReason;
import dev.qwq.Reply;
import dev.qwq.ReplyStream;
import dev.qwq.ToolCall;
import dev.qwq.Usage;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Replies as people and programs see them. */
final class Replies {
  /** So many tokens yet to be read, or more, show a progress bar. */
  private static final int LONG_PROMPT = 256;

  private Replies() {}

  /** What is shown of a reply while it comes. */
  interface Viewer {
    void reasoning(String text);

    void answer(String text);

    void toolCall(ToolCall call);

    /** The reply goes round in circles; says so in a line. */
    default void loop(String line) {}

    /** Is called once, after everything else. */
    void end();

    /** Tells whether nobody sees it any more. */
    boolean isGone();
  }

  /**
   * Shows a reply to its end.
   *
   * @param err where the progress bar of a long prompt goes; null for none
   * @return the reply
   */
  static Reply show(ReplyStream stream, Viewer viewer, @Nullable PrintWriter err) {
    Progress bar = Progress.NONE;
    try {
      for (ChatEvent event : stream) {
        if (event instanceof ChatEvent.Progress progress) {
          int left = progress.total() - progress.processed();
          if (bar == Progress.NONE && err != null && left >= LONG_PROMPT) {
            bar = Progress.begin(err, "Reading", " tokens", 1, progress.total());
          }
          bar.stepTo(progress.processed());
          continue;
        }
        bar.close();
        bar = Progress.NONE;
        switch (event) {
          case ChatEvent.Reasoning reasoning -> viewer.reasoning(reasoning.text());
          case ChatEvent.Answer answer -> viewer.answer(answer.text());
          case ChatEvent.ToolCall tool -> viewer.toolCall(tool.call());
          case ChatEvent.RepetitionDetected loop -> viewer.loop(line(loop));
          case ChatEvent.Progress _, ChatEvent.Done _ -> {}
        }
        if (viewer.isGone()) {
          stream.cancel();
        }
      }
    } finally {
      bar.close();
      viewer.end();
    }
    return stream.reply();
  }

  /**
   * Returns a reply as an object for JSON.
   *
   * @param raw whether thinking and answer are one text
   * @param hasText whether the model has a tokenizer
   */
  static Map<String, @Nullable Object> toJson(Reply reply, boolean raw, boolean hasText) {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    if (raw) {
      json.put("text", hasText ? reply.text() : null);
    } else {
      json.put("reasoning", hasText ? reply.reasoning() : null);
      json.put("answer", hasText ? reply.answer() : null);
    }
    json.put("tokens", reply.tokens());
    json.put("finish_reason", name(reply.finishReason()));
    if (!reply.toolCalls().isEmpty()) {
      json.put("tool_calls", toJson(reply.toolCalls()));
    }
    json.put("usage", toJson(reply.usage()));
    return json;
  }

  static List<Map<String, Object>> toJson(List<ToolCall> calls) {
    return calls.stream()
        .map(call -> Map.<String, Object>of("name", call.name(), "arguments", call.arguments()))
        .toList();
  }

  private static Map<String, Object> toJson(Usage usage) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("prompt_tokens", usage.promptTokens());
    json.put("cached_tokens", usage.cachedTokens());
    json.put("thinking_tokens", usage.thinkingTokens());
    json.put("answer_tokens", usage.answerTokens());
    json.put("forced_tokens", usage.forcedTokens());
    json.put("thinking_seconds", usage.thinkingTime().toNanos() / 1e9);
    json.put("time_to_first_token_seconds", usage.timeToFirstToken().toNanos() / 1e9);
    json.put("tokens_per_second", usage.tokensPerSecond());
    return json;
  }

  /** Says in a line what a reply took. */
  static String summary(Reply reply) {
    Usage usage = reply.usage();
    String cached =
        usage.cachedTokens() > 0 ? String.format(" (%,d cached)", usage.cachedTokens()) : "";
    return String.format(
        Locale.ROOT,
        "%,d prompt%s + %,d thinking + %,d answer tokens, first after %.2f s, %.1f tokens/s%s",
        usage.promptTokens(),
        cached,
        usage.thinkingTokens(),
        usage.answerTokens(),
        usage.timeToFirstToken().toNanos() / 1e9,
        usage.tokensPerSecond(),
        reply.finishReason() == FinishReason.STOP ? "" : ", " + name(reply.finishReason()));
  }

  static String name(FinishReason reason) {
    return reason.name().toLowerCase(Locale.ROOT);
  }

  static String line(ChatEvent.RepetitionDetected loop) {
    String done =
        switch (loop.action()) {
          case OFF, REPORT -> "nothing is done about it (--on-loop)";
          case STOP -> "the reply ends";
          case RAISE_PRESENCE_PENALTY -> "the presence penalty is raised";
          case END_THINKING -> "the thinking ends";
        };
    return "The same %d tokens, %d times over: %s.".formatted(loop.period(), loop.repeats(), done);
  }

  static String line(ToolCall call) {
    return "tool call: " + call.name() + " " + Json.text(call.arguments());
  }
}
