package dev.qwq.output;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * Models repeat themselves, sometimes to the end of the context: no token may cost more because
 * many came before it. By their square these replies would take minutes.
 */
class LongReplyTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final List<String> parts = new ArrayList<>();

  @Test
  void blankTokensBeforeTheThinking() {
    ReasoningParser parser = reasoningParser();
    assertTimeoutPreemptively(
        PATIENCE,
        () -> {
          for (int i = 0; i < 1_000_000; i++) {
            parser.accept("\n");
          }
          parser.accept("<think>a</think>b");
          parser.finish();
        });
    assertThat(parts).containsExactly("think:a", "answer:b");
  }

  @Test
  void blankTokensInTheThinking() {
    ReasoningParser parser = reasoningParser();
    assertTimeoutPreemptively(
        PATIENCE,
        () -> {
          parser.accept("a");
          for (int i = 0; i < 1_000_000; i++) {
            parser.accept("\n");
          }
          parser.accept("</think>b");
          parser.finish();
        });
    assertThat(parts).containsExactly("think:a", "answer:b");
  }

  @Test
  void closingMarkersInsideAString() {
    int markers = 200_000;
    ToolCallParser parser = toolCallParser();
    assertTimeoutPreemptively(
        PATIENCE,
        () -> {
          parser.accept("<tool_call>{\"name\": \"f\", \"arguments\": {\"a\": \"");
          for (int i = 0; i < markers; i++) {
            parser.accept("</tool_call>");
          }
          parser.accept("\"}}</tool_call>");
          parser.finish();
        });
    assertThat(parts).hasSize(1);
    assertThat(parts.getFirst()).startsWith("call:f{a=</").hasSize(markers * 12 + 10);
  }

  @Test
  void callsThatAreNone() {
    ToolCallParser parser = toolCallParser();
    assertTimeoutPreemptively(
        PATIENCE,
        () -> {
          for (int i = 0; i < 200_000; i++) {
            parser.accept("<tool_call>");
            parser.accept("{\"");
          }
          parser.finish();
        });
    assertThat(String.join("", parts).replace("answer:", "")).hasSize(200_000 * 13);
  }

  private ReasoningParser reasoningParser() {
    return new ReasoningParser(
        ReasoningStart.THINKING,
        new ReasoningParser.Parts() {
          @Override
          public void reasoning(String text) {
            parts.add("think:" + text);
          }

          @Override
          public void answer(String text) {
            parts.add("answer:" + text);
          }
        });
  }

  private ToolCallParser toolCallParser() {
    return new ToolCallParser(
        new ToolCallParser.Parts() {
          @Override
          public void text(String text) {
            parts.add("answer:" + text);
          }

          @Override
          public void call(String name, Map<String, Object> arguments) {
            parts.add("call:" + name + arguments);
          }
        });
  }
}
