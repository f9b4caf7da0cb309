package dev.qwq.examples.accuracy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qwq.Backend;
import dev.qwq.ModelOptions;
import dev.qwq.examples.accuracy.Problem.Kind;
import dev.qwq.examples.cli.TestModels;
import dev.qwq.model.QuantizationMix;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Prints how many fresh problems the bundled model solves on each backend and with each kind of
 * weights, as a table. It takes minutes, most of them on the reference backend, and so is no part
 * of the ordinary tests: {@code mvn -pl qwq-examples -am test -Dtest=AccuracyReport
 * -Dsurefire.failIfNoSpecifiedTests=false}; {@code -Dqwq.accuracy=50} draws 50 problems of each
 * kind instead of 200.
 */
class AccuracyReport {
  private static final long SEED = 1;
  private static final int PER_KIND = Integer.getInteger("qwq.accuracy", 200);
  private static final String REFERENCE = "reference BF16";
  private static final String Q8_0 = "cpu Q8_0";
  private static final String Q4_K = "cpu Q4_K";

  @TempDir static Path folder;

  private record Setup(String name, Backend backend, Path model) {}

  @Test
  void report() throws Exception {
    Map<Kind, List<Problem>> problems = Accuracy.problems(SEED, PER_KIND);
    Map<String, Map<Kind, Integer>> solved = new LinkedHashMap<>();
    for (Setup setup : setups()) {
      ModelOptions.Builder options = ModelOptions.builder().backend(setup.backend());
      solved.put(setup.name(), Accuracy.solved(setup.model(), options, problems));
    }
    System.out.println(table(solved));
    int reference = sum(solved, REFERENCE);
    int point = PER_KIND * Kind.values().length / 100;
    assertThat(reference - sum(solved, Q8_0)).as("lost by Q8_0").isLessThanOrEqualTo(point);
    assertThat(reference - sum(solved, Q4_K)).as("lost by Q4_K").isLessThanOrEqualTo(10 * point);
  }

  private static int sum(Map<String, Map<Kind, Integer>> solved, String name) {
    return Accuracy.sum(solved.getOrDefault(name, Map.of()));
  }

  private static List<Setup> setups() {
    Path bundled = TestModels.bundled();
    return List.of(
        new Setup(REFERENCE, Backend.REFERENCE, bundled),
        new Setup("cpu BF16", Backend.CPU, bundled),
        new Setup(Q8_0, Backend.CPU, Quantized.write(QuantizationMix.Q8_0, folder)),
        new Setup(Q4_K, Backend.CPU, Quantized.write(QuantizationMix.Q4_K_M, folder)));
  }

  /** A Markdown table: right answers in percent. */
  private static String table(Map<String, Map<Kind, Integer>> solved) {
    StringBuilder table = new StringBuilder();
    table.append(
        String.format(
            "Solved of %d fresh problems of each kind, in percent (seed %d)%n%n", PER_KIND, SEED));
    table.append("| kind | ").append(String.join(" | ", solved.keySet())).append(" |\n");
    table.append("|---|").append("---|".repeat(solved.size())).append('\n');
    for (Kind kind : Kind.values()) {
      table.append("| ").append(kind.name().toLowerCase(Locale.ROOT)).append(" |");
      for (Map<Kind, Integer> counts : solved.values()) {
        table.append(percent(counts.getOrDefault(kind, 0), PER_KIND));
      }
      table.append('\n');
    }
    table.append("| all |");
    for (Map<Kind, Integer> counts : solved.values()) {
      table.append(percent(Accuracy.sum(counts), PER_KIND * Kind.values().length));
    }
    return table.toString();
  }

  private static String percent(int count, int of) {
    return String.format(Locale.ROOT, " %.1f |", 100.0 * count / of);
  }
}
