package dev.qwq.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A newcomer need not wait for those who are answered already. */
class NewcomerTest {
  private static final int OTHERS = 15;
  private static final EngineInfo INFO = SimulatedModel.info(512, 1200, 64, 16);

  private static int[] tokens(int count, long seed) {
    return new Random(seed).ints(count, 0, INFO.vocabSize()).toArray();
  }

  /** Notes the step of its first token. */
  private static final class First extends Recorder {
    private final AtomicInteger steps;
    private int step;

    First(AtomicInteger steps) {
      this.steps = steps;
    }

    @Override
    public void onToken(int token, float logprob, TopLogprobs top) {
      super.onToken(token, logprob, top);
      if (step == 0) {
        step = steps.get();
      }
    }

    int step() {
      end();
      return step;
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 30, 49, 200})
  void hasItsFirstTokenTwoStepsAfterItsOwnPrompt(int promptTokens) {
    SimulatedModel model = new SimulatedModel(INFO);
    AtomicInteger steps = new AtomicInteger();
    AtomicInteger submitted = new AtomicInteger();
    try (Engine engine = Engine.over(model, INFO, () -> {})) {
      CompletableFuture<First> newcomer = new CompletableFuture<>();
      model.beforeStep(
          flag -> {
            if (steps.incrementAndGet() == 40) { // The others decode; it comes during a step.
              First first = new First(steps);
              submitted.set(steps.get());
              engine.submit(
                  engine.newSequence(),
                  new GenerationRequest(tokens(promptTokens, 99), SamplingParameters.greedy(), 2),
                  first);
              newcomer.complete(first);
            }
          });
      List<Recorder> others = new ArrayList<>();
      for (int i = 0; i < OTHERS; i++) {
        others.add(new Recorder());
        engine.submit(
            engine.newSequence(),
            new GenerationRequest(tokens(10, i), SamplingParameters.greedy(), 300),
            others.get(i));
      }
      int waited = newcomer.join().step() - submitted.get();
      // Each step has room for what 15 decoding sequences leave of 64 tokens, in pieces of 32.
      int ownSteps = Math.ceilDiv(promptTokens, 32);
      assertThat(waited).isLessThan(2 + ownSteps);
      others.forEach(other -> assertThat(other.tokens()).hasSize(300));
    }
  }
}
