package dev.qwq.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.qwq.UnsupportedModelException;
import dev.qwq.model.GgufConverter;
import dev.qwq.model.ModelSource;
import dev.qwq.model.TensorEncoder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Logits, likelihoods and greedy continuations against those of Hugging Face in float32. */
class GoldenLogitsTest {
  private static final List<String> COMMITTED =
      List.of("qwen2", "qwen2-tied", "qwen2-yarn", "qwen2-odd");
  private static final List<String> PUBLISHED = List.of("qwen2", "qwen2-tied", "qwen2-yarn");

  // Golden logits are float32 sums rounded to 5 decimals; the reference sums in double.
  private static final double REFERENCE_LOGIT = 2e-3;
  private static final double REFERENCE_NLL = 1e-4;
  private static final double CPU_NLL = 2e-2;
  private static final double MOST_CPU_LOGIT = 0.25;

  private static final SamplingParameters TWO_BEST =
      new SamplingParameters(0, 0, 1, 0, 0, 0, 1, 0, 2, Map.of());

  static Stream<Arguments> committed() {
    return COMMITTED.stream()
        .flatMap(name -> Backends.all().stream().map(b -> Arguments.of(name, b)));
  }

  static Stream<Arguments> published() {
    return PUBLISHED.stream()
        .flatMap(name -> Backends.all().stream().map(b -> Arguments.of(name, b)));
  }

  @ParameterizedTest
  @MethodSource
  void committed(String name, String backend) {
    Golden golden = Golden.committed(name);
    try (ModelSource model = ModelSource.open(golden.folder())) {
      check(golden, model, backend);
    }
  }

  @ParameterizedTest
  @MethodSource("committed")
  void throughGguf(String name, String backend, @TempDir Path folder) {
    Golden golden = Golden.committed(name);
    Path file = folder.resolve("model.gguf");
    try (ModelSource original = ModelSource.open(golden.folder())) {
      GgufConverter.convert(original, file, TensorEncoder.keep(), 2, (done, total) -> true);
      try (ModelSource converted = ModelSource.open(file)) {
        check(golden, converted, backend);
        assertThat(scores(golden, converted, backend).logprobs())
            .as("the same weights, the same bits")
            .isEqualTo(scores(golden, original, backend).logprobs());
      }
    }
  }

  private static Scores scores(Golden golden, ModelSource model, String backend) {
    try (Engine engine = Engine.open(model, Backends.options(backend).build())) {
      return engine.score(golden.tokens(), new int[0], n -> {});
    }
  }

  /**
   * The published logits were computed with rotary frequencies rounded to bfloat16, which no model
   * is run with: the formulas in double, with frequencies rounded so, give them to 2e-5 everywhere,
   * and without differ by 0.08 to 0.5. At position 0 rotation does nothing; there, and in the mean,
   * they can be compared.
   */
  @ParameterizedTest
  @MethodSource
  void published(String name, String backend) {
    Golden golden = Golden.shared(name);
    boolean reference = backend.equals("reference");
    try (ModelSource model = ModelSource.open(golden.folder());
        Engine engine = Engine.open(model, Backends.options(backend).build())) {
      Scores scores = engine.score(golden.tokens(), new int[] {0}, n -> {});
      assertThat(distance(golden.row(0), scores.logits().get(0)))
          .isLessThanOrEqualTo(
              reference ? REFERENCE_LOGIT : cpuLogitBound(golden, model.config().layers()));
      assertThat(scores.meanNll()).isCloseTo(golden.meanNll(), within(CPU_NLL));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama3-rope", "qwen2-moe", "qwen3", "qwen3-moe"})
  void refusesOtherArchitectures(String name) {
    assertThatThrownBy(
            () -> {
              try (ModelSource model = ModelSource.open(Golden.sharedFolder(name));
                  Engine engine = Engine.open(model, EngineOptions.defaults())) {
                throw new AssertionError("runs: " + engine.info());
              }
            })
        .isInstanceOf(UnsupportedModelException.class);
  }

  private static void check(Golden golden, ModelSource model, String backend) {
    boolean reference = backend.equals("reference");
    double bound = reference ? REFERENCE_LOGIT : cpuLogitBound(golden, model.config().layers());
    try (Engine engine = Engine.open(model, Backends.options(backend).build())) {
      assertThat(engine.info().isa()).isEqualTo(backend);
      Scores scores = engine.score(golden.tokens(), golden.positions(), n -> {});
      double worst = 0;
      for (Map.Entry<Integer, float[]> row : golden.logits().entrySet()) {
        worst = Math.max(worst, distance(row.getValue(), scores.logits().get(row.getKey())));
      }
      assertThat(worst).as("largest difference of a logit").isLessThanOrEqualTo(bound);
      assertThat(scores.meanNll())
          .isCloseTo(golden.meanNll(), within(reference ? REFERENCE_NLL : CPU_NLL));
      checkGreedy(golden, engine, bound);
    }
  }

  /**
   * Bound of the difference of a logit for weights that are plain numbers: of what the cpu backend
   * rounds, K and V in the cache are the coarsest, to f16. One rounding is uniform within half of a
   * unit of 2^-10, relative to the value 2^-11 / sqrt(3) at most. Rounding V changes what attention
   * adds by as much; rounding K changes scores, which are about 3 in these models, by as much
   * relative to them, and so the weights of the sum by 3 times as much. Per layer that is sqrt(1 +
   * 3^2), layers add up as squares, each has an effect of about the size of a logit, and 5 sigma
   * cover a few thousand logits.
   */
  private static double cpuLogitBound(Golden golden, int layers) {
    double squares = 0;
    int count = 0;
    for (float[] row : golden.logits().values()) {
      for (float logit : row) {
        squares += logit * logit;
        count++;
      }
    }
    double rounding = 0x1p-11 / Math.sqrt(3);
    double bound = 5 * rounding * Math.sqrt(squares / count) * Math.sqrt(10.0 * layers);
    assertThat(bound).isLessThanOrEqualTo(MOST_CPU_LOGIT);
    return bound;
  }

  private static double distance(float[] expected, float @Nullable [] actual) {
    if (actual == null || actual.length != expected.length) {
      throw new AssertionError("no row of " + expected.length + " logits");
    }
    double worst = 0;
    for (int i = 0; i < expected.length; i++) {
      worst = Math.max(worst, Math.abs(expected[i] - actual[i]));
    }
    return worst;
  }

  /** Follows the golden continuation; where the two best tokens are close, either may come. */
  private static void checkGreedy(Golden golden, Engine engine, double bound) {
    int[] whole = Conversation.concat(golden.greedyPrompt(), golden.greedy());
    int from = golden.greedyPrompt().length;
    try (KvSequence sequence = engine.newSequence()) {
      while (from < whole.length) {
        Recorder recorder = new Recorder();
        engine.submit(
            sequence,
            new GenerationRequest(Arrays.copyOf(whole, from), TWO_BEST, whole.length - from),
            recorder);
        int[] tokens = recorder.tokens();
        int equal = Arrays.mismatch(tokens, Arrays.copyOfRange(whole, from, whole.length));
        if (equal < 0) {
          return;
        }
        float[] best = recorder.tops().get(equal).logprobs();
        assertThat(best[0] - best[1])
            .as("lead of token %d over %d at %d", tokens[equal], whole[from + equal], from + equal)
            .isLessThanOrEqualTo((float) (2 * bound));
        from += equal + 1;
      }
    }
  }
}
