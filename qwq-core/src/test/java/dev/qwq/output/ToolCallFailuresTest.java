package dev.qwq.output;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What engines are known to get wrong in calls of the Hermes form, wherever the text is cut: in two
 * pieces at each place, in three, and character by character.
 */
class ToolCallFailuresTest {
  private static final String F = "<tool_call>\n{\"name\": \"f\", \"arguments\": ";

  private static Arguments one(String name, String text, String... expected) {
    return Arguments.of(name, text, List.of(expected));
  }

  static List<Arguments> cases() {
    return List.of(
        one(
            "the last brace is kept",
            F + "{\"a\": {\"b\": {}}}}\n</tool_call>",
            "call:f{a={b={}}}"),
        one("no arguments", F + "{}}\n</tool_call>", "call:f{}"),
        one("absent arguments", "<tool_call>{\"name\": \"f\"}</tool_call>", "call:f{}"),
        one("null arguments", F + "null}\n</tool_call>", "call:f{}"),
        one("an empty text as arguments", F + "\"\"}\n</tool_call>", "call:f{}"),
        one("empty arguments encoded twice", F + "\"{}\"}\n</tool_call>", "call:f{}"),
        one(
            "arguments encoded twice",
            F + "\"{\\\"a\\\": \\\"x } \\\\\\\" y\\\"}\"}\n</tool_call>",
            "call:f{a=x } \" y}"),
        one(
            "braces and brackets inside strings",
            F + "{\"a\": \"}{ ]}} \\\"}\\\" \\\\\", \"b\": \"{\"}}\n</tool_call>",
            "call:f{a=}{ ]}} \"}\" \\, b={}"),
        one(
            "markers inside strings",
            F + "{\"a\": \"</tool_call><tool_call>{\"}}\n</tool_call>",
            "call:f{a=</tool_call><tool_call>{}"),
        one("line breaks inside strings", F + "{\"a\": \"x\ny\"}}\n</tool_call>", "call:f{a=x\ny}"),
        one("cut by the end of the turn", F + "{\"a\": 1}}", "call:f{a=1}"),
        one(
            "cut within the closing marker",
            F + "{\"a\": 1}}\n</tool_c",
            answer("{\"a\": 1}}\n</tool_c")),
        one("cut within the arguments", F + "{\"a\": \"x", answer("{\"a\": \"x")),
        one(
            "several calls",
            F + "{\"a\": 1}}\n</tool_call>\n" + F + "{\"a\": 2}}\n</tool_call>",
            "call:f{a=1}",
            "answer:\n",
            "call:f{a=2}"),
        one(
            "several calls without closing markers",
            F + "{\"a\": 1}}\n" + F + "{\"a\": 2}}",
            "call:f{a=1}",
            "call:f{a=2}"),
        one(
            "text around calls",
            "I look.\n" + F + "{}}\n</tool_call>\nDone.",
            "answer:I look.\n",
            "call:f{}",
            "answer:\nDone."),
        one(
            "a marker that opens no call",
            "The marker <tool_call> and a call " + F + "{}}\n</tool_call>",
            "answer:The marker <tool_call> and a call ",
            "call:f{}"),
        one("half a marker", "a <tool_call is no call", "answer:a <tool_call is no call"),
        one(
            "letters beyond ASCII",
            F + "{\"城\": \"杭州 🌤 \\u00e9\"}}\n</tool_call>",
            "call:f{城=杭州 🌤 é}"));
  }

  private static String answer(String arguments) {
    return "answer:" + F + arguments;
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void isRightWhereverTheTextIsCut(String name, String text, List<String> expected) {
    for (int i = 0; i <= text.length(); i++) {
      assertThat(parse(List.of(text.substring(0, i), text.substring(i))))
          .as("%s, cut at %d", name, i)
          .isEqualTo(expected);
      for (int j = i; j <= Math.min(text.length(), i + 14); j++) {
        assertThat(parse(List.of(text.substring(0, i), text.substring(i, j), text.substring(j))))
            .as("%s, cut at %d and %d", name, i, j)
            .isEqualTo(expected);
      }
    }
    assertThat(parse(List.of(text.split("(?<=.)")))).as(name).isEqualTo(expected);
  }

  @Test
  void callsInsideTheThinkingAreThoughts() {
    String call = F + "{}}\n</tool_call>";
    String text = "I could\n" + call + "\nbut wait.</think>" + call;
    List<String> expected = List.of("think:I could\n" + call + "\nbut wait.", "call:f{}");
    for (int i = 0; i <= text.length(); i++) {
      assertThat(parseReply(List.of(text.substring(0, i), text.substring(i))))
          .as("cut at %d", i)
          .isEqualTo(expected);
    }
    assertThat(parseReply(List.of("I think " + call)))
        .as("thinking that never ends")
        .containsExactly("think:I think " + call);
    assertThat(parseReply(List.of("a</think>", call, "</think>b")))
        .as("a second end of the thinking is text")
        .containsExactly("think:a", "call:f{}", "answer:</think>b");
  }

  private static List<String> parse(List<String> pieces) {
    Transcript transcript = new Transcript();
    ToolCallParser parser = parser(transcript);
    pieces.forEach(parser::accept);
    parser.finish();
    return transcript.parts();
  }

  /** As a reply is taken apart that begins inside the thinking. */
  private static List<String> parseReply(List<String> pieces) {
    Transcript transcript = new Transcript();
    ToolCallParser calls = parser(transcript);
    ReasoningParser reasoning =
        new ReasoningParser(
            ReasoningStart.THINKING,
            new ReasoningParser.Parts() {
              @Override
              public void reasoning(String text) {
                transcript.onReasoning(text);
              }

              @Override
              public void answer(String text) {
                calls.accept(text);
              }
            });
    pieces.forEach(reasoning::accept);
    reasoning.finish();
    calls.finish();
    return transcript.parts();
  }

  private static ToolCallParser parser(Transcript transcript) {
    return new ToolCallParser(
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
  }
}
