package dev.qwq.examples.accuracy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qwq.ModelOptions;
import dev.qwq.examples.accuracy.Problem.Kind;
import dev.qwq.examples.cli.TestModels;
import dev.qwq.model.ModelSource;
import dev.qwq.model.QuantizationMix;
import dev.qwq.weights.DType;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The bundled model solves problems it was never trained on, and quantised weights lose little of
 * that. {@link AccuracyReport} says the same of more problems, and of the reference backend.
 */
class AccuracyTest {
  private static final long SEED = 1;
  private static final int PER_KIND = 30;

  @TempDir static Path folder;

  private static Map<Kind, List<Problem>> problems;
  private static Map<Kind, Integer> bf16;

  @BeforeAll
  static void solve() throws Exception {
    problems = Accuracy.problems(SEED, PER_KIND);
    bf16 = Accuracy.solved(TestModels.bundled(), ModelOptions.builder(), problems);
  }

  @Test
  void solvesFreshProblems() {
    // It solves 88 of 100; chance moves that by 2.2 for as many problems as these.
    assertThat(Accuracy.sum(bf16)).as("seed %d: %s", SEED, bf16).isGreaterThan(percent(80));
    assertThat(bf16.values()).as("seed %d: %s", SEED, bf16).allMatch(solved -> solved > 0);
  }

  @Test
  void q8LosesNextToNothing() throws Exception {
    checkLoss(QuantizationMix.Q8_0, DType.Q8_0, 1);
  }

  @Test
  void q4LosesLittle() throws Exception {
    checkLoss(QuantizationMix.Q4_K_M, DType.Q4_K, 10);
  }

  private static void checkLoss(QuantizationMix mix, DType format, int points) throws Exception {
    Path path = Quantized.write(mix, folder);
    try (ModelSource source = ModelSource.open(path)) {
      assertThat(source.tensor("blk.3.attn_q.weight").orElseThrow().dtype()).isEqualTo(format);
    }
    Map<Kind, Integer> solved = Accuracy.solved(path, ModelOptions.builder(), problems);
    assertThat(Accuracy.sum(bf16) - Accuracy.sum(solved))
        .as("seed %d: %s, with BF16 %s", SEED, solved, bf16)
        .isLessThanOrEqualTo(percent(points));
  }

  private static int percent(int percent) {
    return percent * PER_KIND * Kind.values().length / 100;
  }
}
