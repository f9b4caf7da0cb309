package dev.qwq.examples.accuracy;

import dev.qwq.Backend;
import dev.qwq.ModelOptions;
import dev.qwq.examples.accuracy.Problem.Kind;
import dev.qwq.examples.cli.TestModels;
import dev.qwq.model.QuantizationMix;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Prints how many fresh problems the bundled model solves on each backend and with each kind of
 * weights: {@code mvn -pl qwq-examples -am test-compile}, then run this class with the number of
 * problems of each kind (default 200) and a seed (default 1). The reference backend takes minutes.
 */
final class AccuracyReport {
  private AccuracyReport() {}

  private record Setup(String name, Backend backend, Path model) {}

  public static void main(String[] args) throws Exception {
    int perKind = args.length > 0 ? Integer.parseInt(args[0]) : 200;
    long seed = args.length > 1 ? Long.parseLong(args[1]) : 1;
    Map<Kind, List<Problem>> problems = Accuracy.problems(seed, perKind);
    Path folder = Files.createTempDirectory("qwq-accuracy");
    Map<String, Map<Kind, Integer>> solved = new LinkedHashMap<>();
    try {
      for (Setup setup : setups(folder)) {
        long start = System.nanoTime();
        ModelOptions.Builder options = ModelOptions.builder().backend(setup.backend());
        solved.put(setup.name(), Accuracy.solved(setup.model(), options, problems));
        System.err.printf(
            Locale.ROOT, "%s: %.0f s%n", setup.name(), (System.nanoTime() - start) / 1e9);
      }
    } finally {
      try (var files = Files.list(folder)) {
        for (Path file : files.toList()) {
          Files.delete(file);
        }
      }
      Files.delete(folder);
    }
    print(perKind, seed, solved);
  }

  private static List<Setup> setups(Path folder) {
    List<Setup> setups = new ArrayList<>();
    setups.add(new Setup("reference BF16", Backend.REFERENCE, TestModels.bundled()));
    setups.add(new Setup("cpu BF16", Backend.CPU, TestModels.bundled()));
    for (QuantizationMix mix : List.of(QuantizationMix.Q8_0, QuantizationMix.Q4_K_M)) {
      setups.add(new Setup("cpu " + mix, Backend.CPU, Quantized.write(mix, folder)));
    }
    return setups;
  }

  /** A Markdown table: right answers in percent. */
  private static void print(int perKind, long seed, Map<String, Map<Kind, Integer>> solved) {
    System.out.printf(
        "%d fresh problems of each kind, seed %d; solved, in percent%n%n", perKind, seed);
    System.out.print("| kind |");
    solved.keySet().forEach(name -> System.out.print(" " + name + " |"));
    System.out.println("\n|---|" + "---|".repeat(solved.size()));
    for (Kind kind : Kind.values()) {
      System.out.print("| " + kind.name().toLowerCase(Locale.ROOT) + " |");
      solved
          .values()
          .forEach(counts -> System.out.print(percent(counts.getOrDefault(kind, 0), perKind)));
      System.out.println();
    }
    System.out.print("| all |");
    int all = perKind * Kind.values().length;
    solved.values().forEach(counts -> System.out.print(percent(Accuracy.sum(counts), all)));
    System.out.println();
  }

  private static String percent(int count, int of) {
    return String.format(Locale.ROOT, " %.1f |", 100.0 * count / of);
  }
}
