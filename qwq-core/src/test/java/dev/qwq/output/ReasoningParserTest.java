package dev.qwq.output;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Every text is cut in every possible way into up to three pieces, and fed character by character.
 */
class ReasoningParserTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      ignoreLeadingAndTrailingWhitespace = false,
      value = {
        "THINKING|a b</think>~~c|think:a b;answer:~~c",
        "THINKING|<think>~a</think>c|think:a;answer:c",
        "THINKING|~ <think>~a~</think>c|think:a;answer:c",
        "THINKING|never closed <|think:never closed <",
        "THINKING|</think>~~c|answer:~~c",
        "THINKING|~~</think>c|answer:c",
        "THINKING|a</think>b</think>c|think:a;answer:b</think>c",
        "THINKING|a<think>b</think>c|think:a<think>b;answer:c",
        "THINKING|<thin|think:<thin",
        "THINKING|a </thin|think:a </thin",
        "THINKING|a~~ b~|think:a~~ b",
        "ANSWER|a<think>b</think>|answer:a<think>b</think>",
        "ANSWER|<think>~a~</think>~c|think:a;answer:~c",
        "ANSWER|~<think>a|think:a",
        "ANSWER|~<thin king|answer:~<thin king",
        "ANSWER| <|answer: <",
        "OFF|<think>a</think> b |answer:<think>a</think> b ",
      })
  void tellsThinkingFromAnswer(ReasoningStart start, String text, String expected) {
    String written = text.replace('~', '\n');
    List<String> parts = List.of(expected.replace('~', '\n').split(";"));
    for (int i = 0; i <= written.length(); i++) {
      for (int j = i; j <= written.length(); j++) {
        assertThat(
                parse(
                    start,
                    List.of(
                        written.substring(0, i), written.substring(i, j), written.substring(j))))
            .as("cut at %d and %d", i, j)
            .isEqualTo(parts);
      }
    }
    List<String> characters = new ArrayList<>();
    written.chars().forEach(c -> characters.add(String.valueOf((char) c)));
    assertThat(parse(start, characters)).isEqualTo(parts);
  }

  private static List<String> parse(ReasoningStart start, List<String> pieces) {
    Transcript transcript = new Transcript();
    ReasoningParser parser =
        new ReasoningParser(
            start,
            new ReasoningParser.Parts() {
              @Override
              public void reasoning(String text) {
                transcript.onReasoning(text);
              }

              @Override
              public void answer(String text) {
                transcript.onAnswer(text);
              }
            });
    pieces.forEach(parser::accept);
    parser.finish();
    return transcript.parts();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "'<|im_start|>assistant\n<think>\n' ; true ; THINKING",
        "'<|im_start|>assistant\n<think>\n' ; false ; THINKING",
        "'<|im_start|>assistant\n<think>\n\n</think>\n\n' ; true ; ANSWER",
        "'<|im_start|>assistant\n' ; true ; THINKING",
        "'<|im_start|>assistant\n' ; false ; ANSWER",
      })
  void readsThePrompt(String prompt, boolean modelThinks, ReasoningStart expected) {
    assertThat(ReasoningStart.of(prompt, modelThinks)).isEqualTo(expected);
  }
}
