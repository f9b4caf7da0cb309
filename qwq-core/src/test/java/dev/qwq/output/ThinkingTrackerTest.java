package dev.qwq.output;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qwq.tokenizer.Tokenizer;
import org.junit.jupiter.api.Test;

class ThinkingTrackerTest {
  private final Tokenizer bytes = ByteTokenizer.create();

  private ThinkingTracker after(ReasoningStart start, boolean opened, String text) {
    ThinkingTracker tracker = new ThinkingTracker(bytes, start, opened);
    for (int token : bytes.encode(text)) {
      tracker.accept(token);
    }
    return tracker;
  }

  @Test
  void countsTheMarkerAndNothingBehindIt() {
    ThinkingTracker tracker = after(ReasoningStart.THINKING, true, "abc</think>\n\nx</think>y");
    assertThat(tracker.thinking()).isFalse();
    assertThat(tracker.tokens()).isEqualTo("abc</think>".length());
  }

  @Test
  void seesAMarkerBegin() {
    assertThat(after(ReasoningStart.THINKING, true, "a < b").partialClosing()).isEmpty();
    assertThat(after(ReasoningStart.THINKING, true, "a <").partialClosing()).isEqualTo("<");
    assertThat(after(ReasoningStart.THINKING, true, "a </thin").partialClosing())
        .isEqualTo("</thin");
    assertThat(after(ReasoningStart.THINKING, true, "a </thin").thinking()).isTrue();
  }

  @Test
  void waitsForCharactersAndOpeningMarkers() {
    ThinkingTracker inside = new ThinkingTracker(bytes, ReasoningStart.THINKING, true);
    int[] umlaut = bytes.encode("ü");
    assertThat(umlaut).hasSize(2);
    assertThat(inside.canWrite()).isTrue();
    inside.accept(umlaut[0]);
    assertThat(inside.canWrite()).isFalse();
    inside.accept(umlaut[1]);
    assertThat(inside.canWrite()).isTrue();

    assertThat(after(ReasoningStart.THINKING, false, "<thi").canWrite()).isFalse();
    ThinkingTracker opened = after(ReasoningStart.THINKING, false, "<think>");
    assertThat(opened.canWrite()).isTrue();
    assertThat(opened.needsOpening()).isFalse();
    assertThat(after(ReasoningStart.THINKING, false, "").needsOpening()).isTrue();
    assertThat(after(ReasoningStart.THINKING, false, "Well").needsOpening()).isFalse();
    assertThat(after(ReasoningStart.THINKING, true, "").needsOpening()).isFalse();
  }

  @Test
  void aModelThatAnswersIsNotThinkingUnlessItOpensABlock() {
    ThinkingTracker answers = after(ReasoningStart.ANSWER, false, "Hello");
    assertThat(answers.thinking()).isFalse();
    assertThat(answers.canWrite()).isFalse();
    assertThat(answers.tokens()).isZero();
    ThinkingTracker thinks = after(ReasoningStart.ANSWER, false, "<think>hm");
    assertThat(thinks.thinking()).isTrue();
    assertThat(thinks.canWrite()).isTrue();
  }

  @Test
  void knowsWhereLinesEnd() {
    assertThat(after(ReasoningStart.THINKING, true, "").isEmpty()).isTrue();
    assertThat(after(ReasoningStart.THINKING, true, "").endsLine()).isFalse();
    assertThat(after(ReasoningStart.THINKING, true, "a\n").endsLine()).isTrue();
    assertThat(after(ReasoningStart.THINKING, true, "a").endsLine()).isFalse();
  }
}
