package dev.qwq.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import dev.qwq.engine.GenerationEnd.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** An engine whose own books are wrong: it closes, and everybody who waits is told. */
class EngineFailureTest {
  private static final EngineInfo INFO = SimulatedModel.info(96, 48, 32, 3);

  private final CompletableFuture<Void> exited = new CompletableFuture<>();

  /** Submits generations; the first that has three tokens spoils what is known of all. */
  private static List<Recorder> submit(Engine engine, int count, boolean spoils) {
    List<KvSequence> sequences = new ArrayList<>();
    List<Recorder> recorders = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      sequences.add(engine.newSequence());
      recorders.add(
          new Recorder() {
            private int seen;

            @Override
            public void onToken(int token, float logprob, TopLogprobs top) {
              super.onToken(token, logprob, top);
              if (++seen == 3 && spoils) {
                // More tokens than there are blocks for: giving them back fails.
                sequences.forEach(sequence -> sequence.setComputed(1000));
                throw new IllegalStateException("a defect");
              }
            }
          });
    }
    for (int i = 0; i < count; i++) {
      engine.submit(
          sequences.get(i),
          new GenerationRequest(new int[] {i + 1, 2, 3}, SamplingParameters.greedy(), 60),
          recorders.get(i));
    }
    return recorders;
  }

  @Test
  void everyGenerationEndsWhenTheEngineFails() throws Exception {
    SimulatedModel model = new SimulatedModel(INFO);
    CompletableFuture<Void> submitted = new CompletableFuture<>();
    model.beforeStep(flag -> submitted.join());
    try (Engine engine = Engine.over(model, INFO, () -> exited.complete(null))) {
      // Three run, five wait.
      List<Recorder> recorders = submit(engine, 8, true);
      submitted.complete(null);
      for (Recorder recorder : recorders) {
        assertThat(recorder.reason()).isEqualTo(Reason.FAILED);
        assertThat(recorder.end().failure()).isNotNull();
        assertThat(recorder.ends()).isEqualTo(1);
      }
      exited.get(60, TimeUnit.SECONDS);
      assertThatThrownBy(engine::newSequence)
          .isInstanceOfSatisfying(
              QwqException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CLOSED))
          .hasMessageContaining("failed");
    }
  }

  @Test
  void everyGenerationEndsWhenClosingFails() throws Exception {
    SimulatedModel model = new SimulatedModel(INFO);
    CompletableFuture<List<Recorder>> submitted = new CompletableFuture<>();
    CompletableFuture<Void> stepping = new CompletableFuture<>();
    List<KvSequence> spoilt = new ArrayList<>();
    model.beforeStep(
        flag -> {
          stepping.complete(null);
          submitted.join();
          spoilt.forEach(sequence -> sequence.setComputed(1000));
          while (!SimulatedModel.isRaised(flag)) {
            Thread.onSpinWait(); // until the engine is closed
          }
        });
    Engine engine = Engine.over(model, INFO, () -> exited.complete(null));
    List<Recorder> recorders = submit(engine, 1, false);
    stepping.join();
    for (int i = 0; i < 4; i++) {
      KvSequence sequence = engine.newSequence();
      Recorder recorder = new Recorder();
      engine.submit(
          sequence,
          new GenerationRequest(new int[] {9, 8, 7}, SamplingParameters.greedy(), 5),
          recorder);
      recorders.add(recorder);
      spoilt.add(sequence);
    }
    // These are commands that nobody has carried out when the engine ends.
    submitted.complete(recorders);
    engine.close();
    for (Recorder recorder : recorders) {
      assertThat(recorder.reason()).isIn(Reason.FAILED, Reason.CANCELLED);
      assertThat(recorder.ends()).isEqualTo(1);
    }
    exited.get(60, TimeUnit.SECONDS);
  }
}
