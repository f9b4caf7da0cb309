package dev.qwq.output;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ToolCallParserTest {
  private static final String CALL =
      "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": \"x\"}}\n</tool_call>";

  @Test
  void findsCallsWhereverTextIsCut() {
    String text = "Let me look.\n" + CALL + "\n" + CALL + " done <tool";
    List<String> expected =
        List.of(
            "answer:Let me look.\n",
            "call:f{a=x}",
            "answer:\n",
            "call:f{a=x}",
            "answer: done <tool");
    for (int i = 0; i <= text.length(); i++) {
      assertThat(parse(text.substring(0, i), text.substring(i)))
          .as("cut at %d", i)
          .isEqualTo(expected);
    }
    assertThat(parse(text.split("(?<=.)"))).isEqualTo(expected);
  }

  @Test
  void aMarkerInsideAStringDoesNotClose() {
    assertThat(
            parse(
                "<tool_call>{\"name\":\"f\",\"arguments\":{\"a\":\"</tool_call>"
                    + " }\\\"\"}}</tool_call>"))
        .containsExactly("call:f{a=</tool_call> }\"}");
  }

  @Test
  void aCallCutOffBeforeItsMarkerCounts() {
    assertThat(parse("<tool_call>\n{\"name\": \"f\", \"arguments\": {}}\n"))
        .containsExactly("call:f{}");
    assertThat(parse("<tool_call>\n{\"name\": \"f\"}")).containsExactly("call:f{}");
  }

  @Test
  void argumentsEncodedTwiceAreDecoded() {
    assertThat(parse("<tool_call>{\"name\":\"f\",\"arguments\":\"{\\\"a\\\": 1}\"}</tool_call>"))
        .containsExactly("call:f{a=1}");
  }

  @Test
  void whatIsNoCallStaysText() {
    for (String text :
        List.of(
            "<tool_call>{\"name\": \"f\", \"arguments\"",
            "<tool_call>not json</tool_call> and more",
            "<tool_call>{\"arguments\": {}}</tool_call>",
            "<tool_call>{\"name\": \"f\", \"arguments\": [1]}</tool_call>",
            "<tool_call>{\"name\": \"f\"} {}</tool_call>",
            "<tool_call>",
            "</tool_call>")) {
      assertThat(parse(text)).containsExactly("answer:" + text);
    }
  }

  @Test
  void oneThatDoesNotParseLeavesTheOthers() {
    assertThat(parse("<tool_call>{bad}</tool_call>\n" + CALL))
        .containsExactly("answer:<tool_call>{bad}</tool_call>\n", "call:f{a=x}");
    assertThat(parse("<tool_call>\"</tool_call>" + CALL))
        .containsExactly("answer:<tool_call>\"</tool_call>", "call:f{a=x}");
  }

  @Test
  void valuesArePlainJava() {
    List<Map<String, Object>> calls = new ArrayList<>();
    ToolCallParser parser =
        new ToolCallParser(
            new ToolCallParser.Parts() {
              @Override
              public void text(String text) {
                throw new AssertionError(text);
              }

              @Override
              public void call(String name, Map<String, Object> arguments) {
                calls.add(arguments);
              }
            });
    parser.accept(
        "<tool_call>{\"name\":\"f\",\"arguments\":{\"s\":\"t\",\"n\":null,\"b\":true,\"i\":7,\"d\":0.10,"
            + "\"l\":[1,{\"k\":[]}]}}</tool_call>");
    parser.finish();
    Map<String, Object> arguments = calls.getFirst();
    assertThat(arguments.keySet()).containsExactly("s", "n", "b", "i", "d", "l");
    assertThat(arguments.values())
        .containsExactly(
            "t", null, true, 7, new BigDecimal("0.10"), Arrays.asList(1, Map.of("k", List.of())));
  }

  private static List<String> parse(String... pieces) {
    Transcript transcript = new Transcript();
    ToolCallParser parser =
        new ToolCallParser(
            new ToolCallParser.Parts() {
              @Override
              public void text(String text) {
                transcript.onAnswer(text);
              }

              @Override
              public void call(String name, Map<String, Object> arguments) {
                transcript.onToolCall(name, arguments);
              }
            });
    for (String piece : pieces) {
      parser.accept(piece);
    }
    parser.finish();
    return transcript.parts();
  }
}
