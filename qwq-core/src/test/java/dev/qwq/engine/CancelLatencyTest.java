package dev.qwq.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qwq.engine.GenerationEnd.Reason;
import dev.qwq.model.ModelSource;
import dev.qwq.model.QuantizationMix;
import dev.qwq.model.Shapes;
import dev.qwq.model.SynthModel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A cancel stops the step in flight, however long that would take. */
class CancelLatencyTest {
  private static final long LIMIT_NANOS = 200_000_000;
  private static final int TRIALS = 7;

  @Test
  void stopsInTheMiddleOfAPrompt(@TempDir Path folder) {
    Path file = folder.resolve("tiny.gguf");
    SynthModel.write(Shapes.TINY, QuantizationMix.Q8_0, 1, file, 2, (done, total) -> true);
    // The slow backend: a step of 64 tokens takes longer than the limit.
    EngineOptions options = Backends.options("reference").contextLength(2048).build();
    long seed = 99;
    Random random = new Random(seed);
    try (ModelSource model = ModelSource.open(file);
        Engine engine = Engine.open(model, options)) {
      long[] latencies = new long[TRIALS];
      for (int i = 0; i < TRIALS; i++) {
        // A prompt that no cache has seen.
        int[] prompt = random.ints(2000, 0, engine.info().vocabSize()).toArray();
        latencies[i] = latency(engine, prompt, random.nextDouble());
      }
      Arrays.sort(latencies);
      // The median: one that the operating system held up says nothing.
      assertThat(latencies[TRIALS / 2])
          .as("nanoseconds from cancel to end, seed %d: %s", seed, Arrays.toString(latencies))
          .isLessThan(LIMIT_NANOS);
    }
  }

  /** Cancels in the second step, after the given part of the time that the first one took. */
  private static long latency(Engine engine, int[] prompt, double part) {
    CompletableFuture<Long> firstStep = new CompletableFuture<>();
    Recorder recorder =
        new Recorder() {
          private long begun;

          @Override
          public void onPrefill(int processed, int total, int cached) {
            super.onPrefill(processed, total, cached);
            if (processed == 0) {
              begun = System.nanoTime();
            } else {
              firstStep.complete(System.nanoTime() - begun);
            }
          }
        };
    try (KvSequence sequence = engine.newSequence()) {
      Generation generation =
          engine.submit(
              sequence, new GenerationRequest(prompt, SamplingParameters.greedy(), 1), recorder);
      long cancelAt = (long) (part * firstStep.join()) + System.nanoTime();
      while (System.nanoTime() < cancelAt) {
        Thread.onSpinWait();
      }
      long cancelled = System.nanoTime();
      generation.cancel();
      assertThat(recorder.reason()).isEqualTo(Reason.CANCELLED);
      return System.nanoTime() - cancelled;
    }
  }
}
