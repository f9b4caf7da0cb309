package dev.qwq.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qwq.engine.GenerationEnd.Reason;
import dev.qwq.model.ModelSource;
import dev.qwq.model.QuantizationMix;
import dev.qwq.model.Shapes;
import dev.qwq.model.SynthModel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Results of the native engine do not depend on who else runs, nor on how steps are cut. */
class BatchingTest {
  @TempDir private static Path folder;
  private static ModelSource plain;
  private static ModelSource quantized;

  /** A model and what runs it. */
  record Case(String name, ModelSource model, String backend) {
    EngineOptions.Builder options() {
      return Backends.options(backend);
    }

    Engine roomy() {
      return Engine.open(model, options().contextLength(256).kvCacheTokens(4096).build());
    }

    @Override
    public String toString() {
      return name + ", " + backend;
    }
  }

  @BeforeAll
  static void open() {
    plain = ModelSource.open(Golden.committed("qwen2-odd").folder());
    Path file = folder.resolve("tiny.gguf");
    SynthModel.write(Shapes.TINY, QuantizationMix.Q4_K_M, 5, file, 2, (done, total) -> true);
    quantized = ModelSource.open(file);
  }

  @AfterAll
  static void close() {
    plain.close();
    quantized.close();
  }

  /** Every backend on plain weights, the fast ones on quantised ones: these have 5 M. */
  static List<Case> cases() {
    List<Case> cases = new ArrayList<>();
    Backends.all().forEach(backend -> cases.add(new Case("plain", plain, backend)));
    Backends.cpuIsas().forEach(backend -> cases.add(new Case("quantised", quantized, backend)));
    return cases;
  }

  @ParameterizedTest
  @MethodSource("cases")
  void togetherAsAlone(Case test) {
    EngineCounters load =
        Stress.run(
            test::roomy,
            () ->
                Engine.open(
                    test.model(),
                    test.options()
                        .threads(1)
                        .contextLength(108)
                        .kvCacheTokens(112)
                        .maxBatchTokens(24)
                        .maxSequences(8)
                        .build()),
            11,
            24,
            6);
    assertThat(load.preemptions()).as("preemptions").isPositive();
    assertThat(load.evictions()).as("evictions").isPositive();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void sixtyFourSessions(Case test) {
    Stress.run(
        test::roomy,
        () ->
            Engine.open(
                test.model(), test.options().contextLength(108).kvCacheTokens(4096).build()),
        21,
        64,
        0);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void sameLogitsHoweverThePromptIsCut(Case test) {
    Golden golden = Golden.committed("qwen2-odd");
    Scores whole = score(test, golden, test.options().maxBatchTokens(512).build());
    for (int chunk : new int[] {1, 7, 33}) {
      EngineOptions options =
          test.options().kvBlockSize(16).threads(1).maxBatchTokens(chunk).maxSequences(1).build();
      Scores cut = score(test, golden, options);
      assertThat(cut.logprobs()).as("chunks of %d", chunk).isEqualTo(whole.logprobs());
      cut.logits()
          .forEach((position, row) -> assertThat(row).isEqualTo(whole.logits().get(position)));
    }
  }

  private static Scores score(Case test, Golden golden, EngineOptions options) {
    try (Engine engine = Engine.open(test.model(), options)) {
      return engine.score(golden.tokens(), golden.positions(), n -> {});
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void goesOnAsIfNotInterrupted(Case test) {
    int[] prompt = Golden.committed("qwen2-odd").greedyPrompt();
    try (Engine engine = test.roomy()) {
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
  @MethodSource("cases")
  void cancelsInTheMiddle(Case test) {
    int[] prompt = Golden.committed("qwen2-odd").tokens();
    try (Engine engine = Engine.open(test.model(), test.options().maxBatchTokens(64).build())) {
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
  @MethodSource("cases")
  void closesWhileRunning(Case test) {
    Engine engine = test.roomy();
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
