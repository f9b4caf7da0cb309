package dev.qwq.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qwq.ErrorCode;
import dev.qwq.engine.GenerationEnd.Reason;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Generations that are cancelled, closed, or fail end, and end nobody else. */
class StoppingTest extends SimulatedEngineTest {
  @Test
  void aCancelThatCameBeforeTheTaskIsNotLost() {
    SchedulerLoop loop = new SchedulerLoop(ROOMY, model, () -> {});
    loop.start();
    Recorder late = new Recorder();
    KvSequence sequence = new KvSequence(loop);
    GenerationTask task =
        new GenerationTask(
            loop, sequence, new GenerationRequest(tokens(9, 1), GREEDY, 5), late, ROOMY);
    task.cancel();
    // Another generation sees the cancel's flag, finds nothing cancelled and takes it down.
    Recorder other = new Recorder();
    loop.submit(
        new GenerationTask(
            loop,
            new KvSequence(loop),
            new GenerationRequest(tokens(9, 2), GREEDY, 5),
            other,
            ROOMY));
    assertThat(other.end().reason()).isEqualTo(Reason.LENGTH);
    loop.submit(task);
    assertThat(late.end().reason()).isEqualTo(Reason.CANCELLED);
    assertThat(late.tokens()).isEmpty();
    loop.close();
  }

  @Test
  void cancelEndsTheStepAndSparesTheOthers() {
    int[] prompt = tokens(30, 6);
    int[] expected = alone(prompt, 12);
    try (Engine engine = roomy()) {
      // Fill a step with three generations that begin together, then let it hang.
      CompletableFuture<Void> submitted = new CompletableFuture<>();
      AtomicReference<Generation> victim = new AtomicReference<>();
      model.beforeStep(
          flag -> {
            submitted.join();
            if (!victim.get().isDone() && model.mostRuns() == 3) {
              victim.get().cancel();
              untilRaised(flag);
            }
          });
      Recorder first = new Recorder();
      Recorder cancelled = new Recorder();
      Recorder last = new Recorder();
      GenerationRequest request = new GenerationRequest(prompt, GREEDY, 12);
      engine.submit(engine.newSequence(), request, first);
      victim.set(engine.submit(engine.newSequence(), request, cancelled));
      engine.submit(engine.newSequence(), request, last);
      submitted.complete(null);
      assertThat(cancelled.reason()).isEqualTo(Reason.CANCELLED);
      assertThat(first.tokens()).isEqualTo(expected);
      assertThat(last.tokens()).isEqualTo(expected);
      assertThat(cancelled.tokens()).isEqualTo(Arrays.copyOf(expected, cancelled.tokens().length));
      assertThat(List.of(first.ends(), cancelled.ends(), last.ends())).containsOnly(1);
    }
  }

  @Test
  void closeCancelsWhatRunsAndWaits() {
    EngineInfo info = SimulatedModel.info(64, 16, 16, 2);
    SimulatedModel stuck = new SimulatedModel(info);
    CompletableFuture<Void> stepping = new CompletableFuture<>();
    stuck.beforeStep(
        flag -> {
          stepping.complete(null);
          untilRaised(flag);
        });
    CompletableFuture<Void> exited = new CompletableFuture<>();
    Engine engine = Engine.over(stuck, info, () -> exited.complete(null));
    List<Recorder> recorders = new ArrayList<>();
    GenerationRequest request = new GenerationRequest(new int[] {1, 2, 3}, GREEDY, 9);
    KvSequence sequence = engine.newSequence();
    for (int i = 0; i < 5; i++) {
      recorders.add(
          new Recorder() {
            @Override
            public void onEnd(GenerationEnd outcome) {
              super.onEnd(outcome);
              engine.close(); // From the engine thread, too.
            }
          });
      engine.submit(i == 0 ? sequence : engine.newSequence(), request, recorders.get(i));
    }
    stepping.join();
    engine.close();
    engine.close();
    assertThat(exited).isCompleted();
    for (Recorder recorder : recorders) {
      assertThat(recorder.reason()).isEqualTo(Reason.CANCELLED);
      assertThat(recorder.ends()).isEqualTo(1);
    }
    assertCode(ErrorCode.CLOSED, engine::newSequence);
    assertCode(ErrorCode.CLOSED, () -> engine.submit(sequence, request, new Recorder()));
    assertCode(ErrorCode.CLOSED, () -> engine.score(new int[] {1}, new int[0], n -> {}));
    sequence.close();
  }

  @Test
  void closingASequenceCancelsAndFreesIt() {
    try (Engine engine = roomy()) {
      KvSequence sequence = engine.newSequence();
      Recorder recorder =
          new Recorder() {
            @Override
            public void onToken(int token, float logprob, TopLogprobs top) {
              super.onToken(token, logprob, top);
              sequence.close();
            }
          };
      engine.submit(sequence, new GenerationRequest(tokens(40, 7), GREEDY, 50), recorder);
      assertThat(recorder.reason()).isEqualTo(Reason.CANCELLED);
      assertThat(recorder.tokens()).hasSize(1);
      assertThat(Stress.get(engine.load()).obtainableBlocks()).isEqualTo(ROOMY.kvBlocks());
    }
  }

  @Test
  void failingListenersAndMasksHurtNobodyElse() {
    int[] prompt = tokens(10, 8);
    int[] expected = alone(prompt, 12);
    try (Engine engine = roomy()) {
      List<Recorder> failing = new ArrayList<>();
      failing.add(
          new Recorder() {
            @Override
            public void onPrefill(int processed, int total, int cached) {
              throw new IllegalStateException("onPrefill");
            }
          });
      failing.add(
          new Recorder() {
            @Override
            public void onToken(int token, float logprob, TopLogprobs top) {
              throw new AssertionError("onToken");
            }
          });
      Recorder atEnd =
          new Recorder() {
            @Override
            public void onEnd(GenerationEnd outcome) {
              super.onEnd(outcome);
              throw new IllegalStateException("onEnd");
            }
          };
      Recorder maskFails = new Recorder();
      Recorder good = new Recorder();
      GenerationRequest request = new GenerationRequest(prompt, GREEDY, 12);
      engine.submit(engine.newSequence(), request, good);
      failing.forEach(recorder -> engine.submit(engine.newSequence(), request, recorder));
      engine.submit(engine.newSequence(), request, atEnd);
      TokenMask mask =
          Masks.at(
              0,
              generated -> {
                if (generated == 3) {
                  throw new IllegalStateException("mask");
                }
                return null;
              });
      engine.submit(
          engine.newSequence(),
          new GenerationRequest(prompt, GREEDY, 12, new int[0], mask),
          maskFails);
      assertThat(good.tokens()).isEqualTo(expected);
      assertThat(atEnd.tokens()).isEqualTo(expected);
      assertThat(maskFails.tokens()).isEqualTo(Arrays.copyOf(expected, 3));
      failing.add(maskFails);
      for (Recorder recorder : failing) {
        assertThat(recorder.reason()).isEqualTo(Reason.FAILED);
        assertThat(recorder.end().failure())
            .hasMessageContaining("listener or mask")
            .hasCauseInstanceOf(Throwable.class);
        assertThat(recorder.ends()).isEqualTo(1);
      }
    }
  }

  @Test
  void aSequenceThatFailsToStepHurtsNobodyElse() {
    int[] prompt = IntStream.range(0, 20).toArray();
    model.poison(96);
    int[] bad = prompt.clone();
    bad[17] = 96;
    try (Engine engine = roomy();
        KvSequence sequence = engine.newSequence()) {
      SamplingParameters noPoison = new SamplingParameters(0, 0, 1, 0, 0, 0, 1, 0, 0, Map.of());
      int[] mask = new int[Math.ceilDiv(ROOMY.vocabSize(), 32)];
      Arrays.fill(mask, -1);
      mask[3] = 0; // Ids from 96 on are not generated.
      GenerationRequest good =
          new GenerationRequest(prompt, noPoison, 20, new int[0], Masks.at(0, generated -> mask));
      Recorder one = new Recorder();
      Recorder two = new Recorder();
      Recorder failing = new Recorder();
      engine.submit(engine.newSequence(), good, one);
      engine.submit(sequence, new GenerationRequest(bad, noPoison, 20), failing);
      engine.submit(engine.newSequence(), good, two);
      assertThat(one.tokens()).hasSize(20).isEqualTo(two.tokens());
      assertThat(failing.reason()).isEqualTo(Reason.FAILED);
      assertThat(failing.end().failure()).hasMessage("poisoned");
      // Nothing computed by the failing sequence is trusted again, and it can be used.
      Recorder after = new Recorder();
      engine.submit(sequence, good, after);
      assertThat(after.tokens()).isEqualTo(one.tokens());
    }
  }

  @Test
  void anEngineThatBreaksEndsEverything() {
    model.beforeStep(
        flag -> {
          throw new IllegalStateException("a defect");
        });
    Engine engine = roomy();
    Recorder recorder = new Recorder();
    engine.submit(engine.newSequence(), new GenerationRequest(new int[] {1}, GREEDY, 1), recorder);
    assertThat(recorder.reason()).isEqualTo(Reason.FAILED);
    assertThat(recorder.end().failure()).hasMessageContaining("a defect");
    engine.close();
    assertThatThrownBy(engine::newSequence)
        .hasMessageContaining("The engine is closed: ")
        .hasMessageContaining("a defect");
  }
}
