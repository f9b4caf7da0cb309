package dev.qwq.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qwq.QueueFullException;
import dev.qwq.engine.GenerationEnd.Reason;
import dev.qwq.engine.GenerationRequest.Scheduling;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Who gets a turn first, and how long it may take. */
class PriorityTest {
  private static final SamplingParameters GREEDY = SamplingParameters.greedy();

  /** Two slots; blocks for one context and a bit. */
  private static final EngineInfo TIGHT = SimulatedModel.info(96, 14, 32, 2);

  private final SimulatedModel model = new SimulatedModel(TIGHT);
  private final List<String> order = Collections.synchronizedList(new ArrayList<>());

  private static int[] tokens(int count, long seed) {
    return new Random(seed).ints(count, 0, TIGHT.vocabSize()).toArray();
  }

  private static GenerationRequest request(int[] prompt, int maxTokens, Scheduling scheduling) {
    return new GenerationRequest(prompt, GREEDY, maxTokens).scheduled(scheduling);
  }

  /** Notes when it ends. */
  private final class Named extends Recorder {
    private final String name;

    Named(String name) {
      this.name = name;
    }

    @Override
    public void onEnd(GenerationEnd outcome) {
      order.add(name);
      super.onEnd(outcome);
    }
  }

  private static int[] alone(int[] prompt, int maxTokens) {
    try (Engine engine = Engine.over(new SimulatedModel(TIGHT), TIGHT, () -> {})) {
      Recorder recorder = new Recorder();
      engine.submit(
          engine.newSequence(), new GenerationRequest(prompt, GREEDY, maxTokens), recorder);
      return recorder.tokens();
    }
  }

  @Test
  void higherPrioritiesGoFirstAndTakeThePlaceOfLower() {
    CompletableFuture<Void> submitted = new CompletableFuture<>();
    List<Named> recorders = new ArrayList<>();
    List<int[]> prompts = new ArrayList<>();
    try (Engine engine = Engine.over(model, TIGHT, () -> {})) {
      CompletableFuture<Void> running = new CompletableFuture<>();
      model.beforeStep(
          flag -> {
            running.complete(null);
            submitted.join();
          });
      int[] priorities = {0, 0, 0, 5, -1, 5, 0};
      for (int i = 0; i < priorities.length; i++) {
        prompts.add(tokens(20 + i, i));
        recorders.add(new Named("%d:%d".formatted(priorities[i], i)));
        engine.submit(
            engine.newSequence(),
            request(prompts.get(i), 12, new Scheduling(priorities[i], Duration.ZERO)),
            recorders.get(i));
        if (i == 1) {
          running.join(); // Two of priority 0 are in the first step.
        }
      }
      submitted.complete(null);
      for (int i = 0; i < priorities.length; i++) {
        assertThat(recorders.get(i).tokens()).isEqualTo(alone(prompts.get(i), 12));
      }
      assertThat(Stress.get(engine.load()).preemptions()).isPositive();
    }
    assertThat(order.subList(0, 2)).containsExactly("5:3", "5:5");
    assertThat(order.subList(2, 6)).containsExactly("0:0", "0:1", "0:2", "0:6");
    assertThat(order.get(6)).isEqualTo("-1:4");
  }

  @Test
  void endsWhenItsTimeHasPassedWaitingOrInTheMidstOfAStep() {
    CompletableFuture<Void> hold = new CompletableFuture<>();
    model.beforeStep(
        flag -> {
          while (!SimulatedModel.isRaised(flag) && !hold.isDone()) {
            Thread.onSpinWait();
          }
        });
    Scheduling brief = new Scheduling(0, Duration.ofMillis(50));
    try (Engine engine = Engine.over(model, TIGHT, () -> {})) {
      List<Recorder> recorders = new ArrayList<>();
      for (int i = 0; i < 4; i++) { // Two run, two wait.
        recorders.add(new Recorder());
        engine.submit(engine.newSequence(), request(tokens(9, i), 1000, brief), recorders.get(i));
      }
      for (Recorder recorder : recorders) {
        assertThat(recorder.reason()).isEqualTo(Reason.DEADLINE);
      }
      hold.complete(null);
      Recorder inTime = new Recorder();
      engine.submit(
          engine.newSequence(),
          request(tokens(9, 9), 5, new Scheduling(0, Duration.ofHours(1))),
          inTime);
      assertThat(inTime.reason()).isEqualTo(Reason.LENGTH);
    }
  }

  @Test
  void aFullQueueSaysWhenToComeBack() {
    EngineInfo info =
        new EngineInfo(
            BackendKind.REFERENCE, "simulated", 1, 97, 64, 8, 16, "none", 8, 0, 0, 16, 1, 0);
    SimulatedModel slow = new SimulatedModel(info);
    CompletableFuture<Void> hold = new CompletableFuture<>();
    GenerationRequest request = request(tokens(9, 1), 1, Scheduling.NORMAL);
    try (Engine engine = Engine.over(slow, info, () -> {})) {
      slow.beforeStep(flag -> hold.join());
      Recorder first = new Recorder();
      engine.submit(engine.newSequence(), request, first);
      assertThatThrownBy(() -> engine.submit(engine.newSequence(), request, new Recorder()))
          .isInstanceOfSatisfying(
              QueueFullException.class, e -> assertThat(e.expectedWait()).isEmpty());
      hold.complete(null);
      first.end();
      CompletableFuture<Void> again = new CompletableFuture<>();
      slow.beforeStep(flag -> again.join());
      engine.submit(engine.newSequence(), request, new Recorder());
      assertThatThrownBy(() -> engine.submit(engine.newSequence(), request, new Recorder()))
          .isInstanceOfSatisfying(
              QueueFullException.class,
              e -> assertThat(e.expectedWait().orElseThrow()).isPositive());
      again.complete(null);
    }
  }

  @Test
  void endlessTimeLimitsTakeNoPlaceAway() {
    EngineInfo info =
        new EngineInfo(
            BackendKind.REFERENCE, "simulated", 1, 97, 64, 8, 16, "none", 8, 0, 0, 16, 1, 0);
    Scheduling endless = new Scheduling(0, Duration.ofSeconds(Long.MAX_VALUE));
    try (Engine engine = Engine.over(new SimulatedModel(info), info, () -> {})) {
      for (int i = 0; i < 3; i++) {
        Recorder recorder = new Recorder();
        engine.submit(engine.newSequence(), request(tokens(5, i), 2, endless), recorder);
        assertThat(recorder.reason()).isEqualTo(Reason.LENGTH);
        while (!Stress.get(engine.load()).isIdle()) {
          Thread.onSpinWait();
        }
      }
    }
  }

  @Test
  void lowerPrioritiesGoOnWhileAHigherOneWouldNotFitAnyway() {
    CompletableFuture<Void> two = new CompletableFuture<>();
    CompletableFuture<Void> all = new CompletableFuture<>();
    CompletableFuture<Void> secondStep = new CompletableFuture<>();
    AtomicInteger steps = new AtomicInteger();
    model.beforeStep(
        flag -> {
          if (steps.incrementAndGet() == 1) {
            two.join(); // Both are there before the second step, and run in it.
          } else {
            secondStep.complete(null);
            all.join();
          }
        });
    try (Engine engine = Engine.over(model, TIGHT, () -> {})) {
      Named large = new Named("large");
      engine.submit(
          engine.newSequence(),
          request(tokens(70, 1), 20, new Scheduling(1, Duration.ZERO)),
          large);
      Named low = new Named("low");
      engine.submit(engine.newSequence(), request(tokens(5, 2), 4, Scheduling.NORMAL), low);
      two.complete(null);
      secondStep.join();
      Named second = new Named("second");
      engine.submit(
          engine.newSequence(),
          request(tokens(80, 3), 4, new Scheduling(1, Duration.ZERO)),
          second);
      all.complete(null);
      assertThat(second.reason()).isEqualTo(Reason.LENGTH);
      low.end();
      large.end();
    }
    assertThat(order).containsExactly("low", "large", "second");
  }
}
