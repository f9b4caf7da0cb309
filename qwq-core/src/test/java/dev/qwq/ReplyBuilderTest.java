package dev.qwq;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qwq.engine.GenerationEnd;
import dev.qwq.output.ReasoningStart;
import dev.qwq.tokenizer.Tokenizer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** From ids to a reply, without a model. */
class ReplyBuilderTest {
  private static final GenerationEnd END =
      new GenerationEnd(GenerationEnd.Reason.STOP, 3, 0, 4, 0, 0, 0, 1_000, 2_000, 3_000, null);

  private final Tokenizer tokenizer = Tokenizer.open(TinyModel.path());
  private final List<ChatEvent> events = new ArrayList<>();

  private Reply build(Set<Integer> endTokens, int... tokens) {
    ReplyBuilder builder =
        new ReplyBuilder(
            tokenizer, endTokens, List.of(), ReasoningStart.THINKING, false, events::add);
    for (int token : tokens) {
      assertThat(builder.accept(token, false)).isTrue();
    }
    return builder.finish(END, Duration.ZERO);
  }

  @Test
  void paddingAndSpecialTokensCountWithoutText() {
    int padding = tokenizer.size() + 100;
    int special = tokenizer.id("<|im_start|>").orElseThrow();
    int letter = tokenizer.encode("a")[0];
    Reply reply = build(Set.of(), padding, special, letter);
    assertThat(reply.text()).isEqualTo("a");
    assertThat(reply.tokens()).containsExactly(padding, special, letter);
    assertThat(reply.usage().generatedTokens()).isEqualTo(3);
  }

  @Test
  void anEndTokenHasNoTextEvenIfItIsNoSpecialOne() {
    int letter = tokenizer.encode("a")[0];
    int end = tokenizer.encode("b")[0];
    Reply reply = build(Set.of(end), letter, end);
    assertThat(reply.reasoning()).isEqualTo("a");
    assertThat(reply.usage().thinkingTokens()).isEqualTo(1);
    assertThat(reply.usage().answerTokens()).isEqualTo(1);
    assertThat(events).containsExactly(new ChatEvent.Reasoning("a"));
  }
}
