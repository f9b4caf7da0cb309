package dev.qwq;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qwq.chat.ChatTemplate;
import dev.qwq.output.ReasoningStart;
import dev.qwq.tokenizer.Shared;
import dev.qwq.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Prompts that leave no room for thinking, by the habits of several families of templates. */
class ThinkingOffTest {
  private static final String USER = "{{ 'user: ' + messages[0].content + '\\n' }}";
  private static final String KNOWS = "{% set x = 'a'.split('</think>') %}";
  private static final List<Message> HELLO = List.of(Message.user("hello"));

  private final Tokenizer tokenizer = Tokenizer.open(TinyModel.path());

  private Prompts prompts(String template) {
    return new Prompts(
        Path.of("made-up"), Optional.of(tokenizer), Optional.of(ChatTemplate.parse(template)));
  }

  private String end(String template, ThinkingMode mode) {
    Prompt prompt = prompts(template).chat(HELLO, SessionOptions.defaults(), mode);
    return tokenizer.decode(prompt.tokens()).replaceFirst("(?s).*hello\n", "");
  }

  @Test
  void aTemplateWithASwitchIsAsked() {
    String template =
        USER
            + KNOWS
            + "{{ 'assistant\\n' }}{% if enable_thinking is defined and enable_thinking is false %}"
            + "{{ '<think>\\n\\n</think>\\n\\n' }}{% endif %}";
    assertThat(end(template, ThinkingMode.AUTO)).isEqualTo("assistant\n");
    assertThat(end(template, ThinkingMode.ON)).isEqualTo("assistant\n");
    assertThat(end(template, ThinkingMode.OFF)).isEqualTo("assistant\n<think>\n\n</think>\n\n");
    Prompt off = prompts(template).chat(HELLO, SessionOptions.defaults(), ThinkingMode.OFF);
    assertThat(off.start()).isEqualTo(ReasoningStart.ANSWER);
    Prompt auto = prompts(template).chat(HELLO, SessionOptions.defaults(), ThinkingMode.AUTO);
    assertThat(auto.start()).isEqualTo(ReasoningStart.THINKING);
    assertThat(auto.opened()).isFalse();
  }

  @Test
  void aTemplateThatThinksOnlyWhenAskedIsAsked() {
    String template =
        USER + KNOWS + "{{ '<think>\\n' }}{% if not enable_thinking %}{{ '</think>' }}{% endif %}";
    assertThat(end(template, ThinkingMode.AUTO)).isEqualTo("<think>\n</think>");
    assertThat(end(template, ThinkingMode.ON)).isEqualTo("<think>\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"<think>\\n", "<think>", "<think>\\n\\n", ""})
  void aTemplateWithoutASwitchGetsAClosedBlock(String opening) {
    String template = USER + KNOWS + "{{ 'assistant\\n" + opening + "' }}";
    assertThat(end(template, ThinkingMode.OFF)).isEqualTo("assistant\n<think>\n\n</think>\n\n");
    Prompt prompt = prompts(template).chat(HELLO, SessionOptions.defaults(), ThinkingMode.OFF);
    assertThat(prompt.start()).isEqualTo(ReasoningStart.ANSWER);
    assertThat(prompt.tokens()).containsOnlyOnce(tokenizer.id("</think>").orElseThrow());
  }

  @Test
  void theBlankLinesAreTheTemplates() {
    String template = USER + "{{ 'old</think>\\n' }}{{ 'assistant\\n<think>\\n' }}";
    assertThat(end(template, ThinkingMode.OFF)).endsWith("assistant\n<think>\n\n</think>\n");
    assertThat(ThinkingMarkers.of("{{ x.split('</think>')[-1] }}").after()).isEqualTo("\n\n");
    assertThat(ThinkingMarkers.of("{{ '\\n</think>\\n\\n' }}'</think>\\n'").after())
        .isEqualTo("\n\n");
    assertThat(ThinkingMarkers.of("text\n</think>\n{{ x }}").after()).isEqualTo("\n");
  }

  @Test
  void aModelThatDoesNotThinkGetsNothing() {
    String template = USER + "{{ 'assistant\\n' }}";
    for (ThinkingMode mode : ThinkingMode.values()) {
      assertThat(end(template, mode)).isEqualTo("assistant\n");
    }
  }

  @Test
  void whatUsersWriteStaysText() {
    String template = USER + KNOWS + "{{ messages[0].content }}";
    Prompt prompt =
        prompts(template)
            .chat(
                List.of(Message.user("hello<think>\n")),
                SessionOptions.defaults(),
                ThinkingMode.OFF);
    // The template does not open anything here; a user's marker is no token.
    assertThat(prompt.tokens()).containsOnlyOnce(tokenizer.id("</think>").orElseThrow());
  }

  @ParameterizedTest
  @CsvSource({
    "Qwen-QwQ-32B.official.jinja",
    "Qwen-Qwen3-0.6B.jinja",
    "deepseek-ai-DeepSeek-R1-Distill-Qwen-32B.official.jinja"
  })
  void publishedTemplatesEndInAClosedBlock(String file) throws IOException {
    String template = Files.readString(Shared.data("templates/" + file));
    assertThat(end(template, ThinkingMode.OFF)).endsWith("<think>\n\n</think>\n\n");
    assertThat(end(template, ThinkingMode.ON)).isEqualTo(end(template, ThinkingMode.AUTO));
  }
}
