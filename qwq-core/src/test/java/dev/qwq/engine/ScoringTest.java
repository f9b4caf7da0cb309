package dev.qwq.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qwq.ErrorCode;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** How likely texts are, over the simulated model. */
class ScoringTest extends SimulatedEngineTest {
  @Test
  void scoresTexts() {
    int[] text = tokens(256, 11);
    int[] at = {0, 7, 8, 30, 31, 63, 100, 255};
    List<Integer> progress = new ArrayList<>();
    try (Engine engine = roomy()) {
      Scores scores = engine.score(text, at, progress::add);
      assertThat(scores.logprobs()).hasSize(255);
      double sum = 0;
      for (int i = 0; i < 255; i++) {
        float expected = SimulatedModel.logit(SimulatedModel.promptState(text, i), text[i + 1]);
        assertThat(scores.logprobs()[i]).as("log-probability %d", i).isEqualTo(expected);
        sum -= expected;
      }
      assertThat(scores.meanNll()).isEqualTo(sum / 255);
      assertThat(scores.logits().keySet()).containsExactly(0, 7, 8, 30, 31, 63, 100, 255);
      scores
          .logits()
          .forEach(
              (position, row) -> {
                long state = SimulatedModel.promptState(text, position);
                assertThat(row).hasSize(97);
                for (int id = 0; id < 97; id++) {
                  assertThat(row[id]).isEqualTo(SimulatedModel.logit(state, id));
                }
              });
      assertThat(progress).isSorted().endsWith(256);
      assertThat(engine.score(new int[] {5}, new int[] {0}, n -> {}).meanNll()).isNaN();
      assertThat(Stress.get(engine.load()).obtainableBlocks()).isEqualTo(ROOMY.kvBlocks());
      assertCode(
          ErrorCode.CONTEXT_EXCEEDED, () -> engine.score(tokens(257, 1), new int[0], n -> {}));
      assertCode(ErrorCode.INVALID_ARGUMENT, () -> engine.score(text, new int[] {256}, n -> {}));
    }
  }

  @Test
  void anInterruptCancelsScoring() throws InterruptedException {
    CompletableFuture<Void> stepping = new CompletableFuture<>();
    model.beforeStep(
        flag -> {
          stepping.complete(null);
          untilRaised(flag);
        });
    try (Engine engine = roomy()) {
      CompletableFuture<Throwable> outcome = new CompletableFuture<>();
      Thread scorer =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      engine.score(tokens(50, 12), new int[0], n -> {});
                    } catch (Throwable e) {
                      outcome.complete(e);
                    }
                  });
      stepping.join();
      scorer.interrupt();
      assertThat(outcome.join()).isInstanceOf(CancellationException.class);
      scorer.join();
      assertThat(Stress.get(engine.load()).obtainableBlocks()).isEqualTo(ROOMY.kvBlocks());
    }
  }
}
