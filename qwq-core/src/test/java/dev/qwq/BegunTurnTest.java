package dev.qwq;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qwq.output.ReasoningStart;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Raw prompts that end in the middle of the model's turn. */
class BegunTurnTest {
  private static final String QUESTION =
      "<|im_start|>user\nWhat is 12 + 30?<|im_end|>\n<|im_start|>assistant\n";
  private static final String THOUGHT = "<think>\n12 + 30 = 42.\n</think>\n\n";

  private static Model model;

  @BeforeAll
  static void open() {
    model = TinyModel.open();
  }

  @AfterAll
  static void close() {
    model.close();
  }

  /** The reply to a text, which is also the reply to its ids. */
  private static Reply complete(String prompt) {
    GenerationOptions options = TinyModel.greedy().toBuilder().maxTokens(12).build();
    Reply reply = model.complete(prompt, options);
    Reply ofIds = model.complete(model.tokenizer().orElseThrow().encode(prompt), options);
    assertThat(ofIds.reasoning()).isEqualTo(reply.reasoning());
    assertThat(ofIds.answer()).isEqualTo(reply.answer());
    return reply;
  }

  @Test
  void behindClosedThinkingThereIsAnswerOnly() {
    for (String begun : new String[] {THOUGHT, THOUGHT + "The", THOUGHT + "The answer is "}) {
      Reply reply = complete(QUESTION + begun);
      assertThat(reply.text()).as(begun).isNotBlank();
      assertThat(reply.reasoning()).as(begun).isEmpty();
      assertThat(reply.answer()).as(begun).isEqualTo(reply.text().strip());
    }
  }

  @Test
  void openThinkingGoesOnWhereverItIs() {
    for (String begun : new String[] {"<think>", "<think>\n", "<think>\n12 and", "12 and"}) {
      assertThat(complete(QUESTION + begun).reasoning()).as(begun).isNotEmpty();
    }
  }

  @Test
  void whatEarlierTurnsThoughtDoesNotCount() {
    String before = QUESTION + THOUGHT + "42<|im_end|>\n";
    assertThat(complete(before + QUESTION).reasoning()).isNotEmpty();
    assertThat(complete(before + QUESTION + THOUGHT + "The").reasoning()).isEmpty();
  }

  @Test
  void theLastMarkerOfTheTurnDecides() {
    assertThat(ReasoningStart.within("a</think>b<think>c", false))
        .isEqualTo(ReasoningStart.THINKING);
    assertThat(ReasoningStart.within("<think>a</think>b", true)).isEqualTo(ReasoningStart.ANSWER);
    assertThat(ReasoningStart.within("a", true)).isEqualTo(ReasoningStart.THINKING);
    assertThat(ReasoningStart.within("", false)).isEqualTo(ReasoningStart.ANSWER);
  }
}
