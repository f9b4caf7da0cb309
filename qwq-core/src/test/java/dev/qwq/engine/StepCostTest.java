package dev.qwq.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import dev.qwq.nativelib.ffi.qwq_batch;
import dev.qwq.nativelib.ffi.qwq_sampled;
import dev.qwq.nativelib.ffi.qwq_sequence;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** What the engine thread does for a step does not depend on how long the conversation is. */
class StepCostTest {
  private static final int CONTEXT = 1 << 17;

  // Between powers of two, at which buffers grow.
  private static final int EARLY = 5_000;
  private static final int LATE = 120_000;
  private static final int STEPS = 2_000;

  private final long[] allocated = new long[CONTEXT];
  private int steps;

  @Test
  void garbagePerStepDoesNotGrow() {
    assumeTrue(
        ManagementFactory.getThreadMXBean() instanceof ThreadMXBean bean
            && bean.isThreadAllocatedMemorySupported());
    EngineInfo info = SimulatedModel.info(CONTEXT, CONTEXT / 8, 64, 4);
    // Every kind of state that grows with the reply: history, block table, counts of tokens.
    SamplingParameters sampling =
        new SamplingParameters(1, 40, 0.95f, 0, 0.5f, 0.1f, 1.1f, 7, 0, Map.of());
    CompletableFuture<GenerationEnd> end = new CompletableFuture<>();
    try (Engine engine = Engine.over(new Noting(), info, () -> {})) {
      engine.submit(
          engine.newSequence(),
          new GenerationRequest(new int[] {1, 2, 3}, sampling, LATE + STEPS + 10),
          new GenerationListener() {
            @Override
            public void onToken(int token, float logprob, TopLogprobs top) {}

            @Override
            public void onEnd(GenerationEnd outcome) {
              end.complete(outcome);
            }
          });
      assertThat(end.join().reason()).isEqualTo(GenerationEnd.Reason.LENGTH);
    }
    double early = bytesPerStep(EARLY);
    double late = bytesPerStep(LATE);
    // Not a hundredth of a byte for each token since then; a copy of them would be 460,000.
    // The compiler takes some hundreds away or lets them come back, whenever it compiles anew.
    assertThat(late)
        .as("%.0f bytes a step at first", early)
        .isLessThan(early + (LATE - EARLY) / 100.0);
  }

  private double bytesPerStep(int from) {
    return (allocated[from + STEPS] - allocated[from]) / (double) STEPS;
  }

  /** Draws some token; notes what the engine thread has allocated so far. */
  private final class Noting extends StepOnly {
    @Override
    public boolean step(StepBatch batch) {
      ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
      allocated[steps] = threads.getCurrentThreadAllocatedBytes();
      MemorySegment struct = batch.struct();
      for (int i = 0; i < qwq_batch.n_sequences(struct); i++) {
        MemorySegment run = qwq_sequence.asSlice(qwq_batch.sequences(struct), i);
        if (qwq_sequence.sampled(run).address() != 0) {
          MemorySegment sampled = qwq_sequence.sampled(run);
          qwq_sampled.token(sampled, steps % 97);
          qwq_sampled.logprob(sampled, -1);
          qwq_sampled.n_top(sampled, 0);
        }
      }
      steps++;
      return true;
    }
  }
}
