package dev.qwq.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;

/** Conversations that run together must say what each says alone. */
final class Stress {
  private Stress() {}

  /**
   * Compares each conversation alone on a roomy engine with all of them, and disturbers, together
   * on a small one.
   *
   * @return how the small engine's memory fared
   */
  static EngineCounters run(
      Supplier<Engine> roomy,
      Supplier<Engine> small,
      long seed,
      int conversations,
      int disturbers) {
    List<Conversation> all = new ArrayList<>();
    List<List<int[]>> alone = new ArrayList<>();
    try (Engine engine = roomy.get()) {
      for (int i = 0; i < conversations; i++) {
        all.add(new Conversation(seed + i, engine.info().vocabSize(), 3, 20, 16));
        alone.add(all.get(i).run(engine));
      }
    }
    try (Engine engine = small.get();
        ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> noise = new ArrayList<>();
      for (int i = 0; i < disturbers; i++) {
        long own = seed + 1000 + i;
        noise.add(executor.submit(() -> disturb(engine, own)));
      }
      List<Future<List<int[]>>> together = new ArrayList<>();
      for (Conversation conversation : all) {
        together.add(executor.submit(() -> conversation.run(engine)));
      }
      for (int i = 0; i < conversations; i++) {
        assertThat(get(together.get(i)))
            .as("conversation %d of seed %d", i, seed)
            .usingElementComparator(Arrays::compare)
            .isEqualTo(alone.get(i));
      }
      noise.forEach(Stress::get);
      EngineCounters load = get(engine.load());
      assertThat(load.isIdle()).isTrue();
      assertThat(load.obtainableBlocks())
          .as("KV blocks nobody holds")
          .isEqualTo(engine.info().kvBlocks());
      return load;
    }
  }

  /** Starts generations and stops them in every way there is. */
  private static void disturb(Engine engine, long seed) {
    Random random = new Random(seed);
    for (int i = 0; i < 4; i++) {
      int[] prompt = random.ints(1 + random.nextInt(40), 0, engine.info().vocabSize()).toArray();
      int stopAt = random.nextInt(12);
      KvSequence sequence = engine.newSequence();
      Generation[] generation = new Generation[1];
      Recorder recorder =
          new Recorder() {
            @Override
            public void onToken(int token, float logprob, TopLogprobs top) {
              super.onToken(token, logprob, top);
              if (stopAt == 11) {
                throw new IllegalStateException("a listener that fails");
              }
              if (stopAt > 5 && generation[0] != null) {
                generation[0].cancel();
              }
            }
          };
      generation[0] =
          engine.submit(
              sequence, new GenerationRequest(prompt, SamplingParameters.greedy(), 30), recorder);
      switch (stopAt % 3) {
        case 0 -> generation[0].cancel();
        case 1 -> sequence.close();
        default -> recorder.end();
      }
      recorder.end();
      assertThat(recorder.ends()).isEqualTo(1);
      sequence.close();
    }
  }

  static <T> T get(Future<T> future) {
    try {
      return future.get();
    } catch (InterruptedException | ExecutionException e) {
      throw new AssertionError(e);
    }
  }
}
