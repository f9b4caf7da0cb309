package dev.qwq.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qwq.engine.GenerationEnd.Reason;
import dev.qwq.model.ModelSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Results of the native engine do not depend on who else runs, nor on how steps are cut. */
class BatchingTest {
  private static ModelSource model;

  @BeforeAll
  static void open() {
    model = ModelSource.open(Golden.committed("qwen2-odd").folder());
  }

  @AfterAll
  static void close() {
    model.close();
  }

  static List<String> backends() {
    return Backends.all();
  }

  private static Engine roomy(String backend) {
    return Engine.open(
        model, Backends.options(backend).contextLength(256).kvCacheTokens(4096).build());
  }

  @ParameterizedTest
  @MethodSource("backends")
  void togetherAsAlone(String backend) {
    for (long seed : new long[] {11, 12}) {
      SchedulerLoop.Load load =
          Stress.run(
              () -> roomy(backend),
              () ->
                  Engine.open(
                      model,
                      Backends.options(backend)
                          .threads(1)
                          .contextLength(108)
                          .kvCacheTokens(112)
                          .maxBatchTokens(24)
                          .maxSequences(8)
                          .build()),
              seed,
              24,
              6);
      assertThat(load.preemptions()).as("preemptions").isPositive();
      assertThat(load.evictions()).as("evictions").isPositive();
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void sixtyFourSessions(String backend) {
    Stress.run(
        () -> roomy(backend),
        () ->
            Engine.open(
                model, Backends.options(backend).contextLength(108).kvCacheTokens(4096).build()),
        21,
        64,
        0);
  }

  @ParameterizedTest
  @MethodSource("backends")
  void sameLogitsHoweverThePromptIsCut(String backend) {
    Golden golden = Golden.committed("qwen2-odd");
    Scores whole = score(golden, Backends.options(backend).maxBatchTokens(512).build());
    for (int chunk : new int[] {1, 7, 33}) {
      EngineOptions options =
          Backends.options(backend)
              .kvBlockSize(16)
              .threads(1)
              .maxBatchTokens(chunk)
              .maxSequences(1)
              .build();
      Scores cut = score(golden, options);
      assertThat(cut.logprobs()).as("chunks of %d", chunk).isEqualTo(whole.logprobs());
      cut.logits()
          .forEach((position, row) -> assertThat(row).isEqualTo(whole.logits().get(position)));
    }
  }

  private static Scores score(Golden golden, EngineOptions options) {
    try (Engine engine = Engine.open(model, options)) {
      return engine.score(golden.tokens(), golden.positions(), n -> {});
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void goesOnAsIfNotInterrupted(String backend) {
    int[] prompt = Golden.committed("qwen2-odd").greedyPrompt();
    try (Engine engine = roomy(backend)) {
      int[] whole = generate(engine, prompt, 24);
      try (KvSequence sequence = engine.newSequence()) {
        Recorder first = new Recorder();
        engine.submit(sequence, request(prompt, 11), first);
        Recorder second = new Recorder();
        int[] longer = Conversation.concat(prompt, first.tokens());
        engine.submit(sequence, request(longer, 13), second);
        assertThat(second.end().cachedTokens()).isEqualTo(longer.length - 1);
        assertThat(Conversation.concat(first.tokens(), second.tokens())).isEqualTo(whole);
      }
    }
  }

  private static GenerationRequest request(int[] prompt, int maxTokens) {
    return new GenerationRequest(prompt, SamplingParameters.greedy(), maxTokens);
  }

  private static int[] generate(Engine engine, int[] prompt, int maxTokens) {
    try (KvSequence sequence = engine.newSequence()) {
      Recorder recorder = new Recorder();
      engine.submit(sequence, request(prompt, maxTokens), recorder);
      return recorder.tokens();
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void cancelsInTheMiddle(String backend) {
    int[] prompt = Golden.committed("qwen2-odd").tokens();
    try (Engine engine = Engine.open(model, Backends.options(backend).maxBatchTokens(64).build())) {
      int[] whole = generate(engine, prompt, 20);
      // Cancelled in the prompt by its own listener, and in the answer after each count of tokens.
      for (int stopAt : new int[] {-1, 1, 2, 9}) {
        try (KvSequence sequence = engine.newSequence()) {
          Stopper stopper = new Stopper(stopAt);
          stopper.generation.complete(engine.submit(sequence, request(prompt, 20), stopper));
          assertThat(stopper.reason()).isEqualTo(Reason.CANCELLED);
          assertThat(stopper.tokens()).isEqualTo(Arrays.copyOf(whole, stopper.tokens().length));
          Recorder again = new Recorder();
          engine.submit(sequence, request(prompt, 20), again);
          assertThat(again.tokens()).isEqualTo(whole);
        }
      }
    }
  }

  /** Cancels after a number of tokens; with a negative one, in the middle of the prompt. */
  private static final class Stopper extends Recorder {
    private final int stopAt;
    private final CompletableFuture<Generation> generation = new CompletableFuture<>();
    private int count;

    Stopper(int stopAt) {
      this.stopAt = stopAt;
    }

    private void stop() {
      generation.join().cancel();
    }

    @Override
    public void onPrefill(int processed, int total, int cached) {
      super.onPrefill(processed, total, cached);
      if (stopAt < 0 && processed > cached) {
        stop();
      }
    }

    @Override
    public void onToken(int token, float logprob, TopLogprobs top) {
      super.onToken(token, logprob, top);
      count++;
      if (count == stopAt) {
        stop();
      }
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void closesWhileRunning(String backend) {
    Engine engine = roomy(backend);
    List<Recorder> recorders = new ArrayList<>();
    CompletableFuture<Void> submitted = new CompletableFuture<>();
    for (int i = 0; i < 6; i++) {
      // In the middle of the answers, from the engine's own thread.
      recorders.add(
          new Recorder() {
            @Override
            public void onToken(int token, float logprob, TopLogprobs top) {
              super.onToken(token, logprob, top);
              submitted.join();
              engine.close();
            }
          });
      engine.submit(
          engine.newSequence(),
          request(Golden.committed("qwen2-odd").greedyPrompt(), 200),
          recorders.get(i));
    }
    submitted.complete(null);
    for (Recorder recorder : recorders) {
      assertThat(recorder.reason()).isEqualTo(Reason.CANCELLED);
      assertThat(recorder.ends()).isEqualTo(1);
    }
    engine.close();
  }
}
