package dev.qwq.bench.peers;

import dev.qwq.bench.Spread;
import dev.qwq.bench.Table;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What engines measured on one file. */
final class Comparison {
  private final Path model;
  private final int threads;
  private final List<String> engines;
  // engine -> figure -> one value a run
  private final Map<String, Map<String, List<Double>>> values = new LinkedHashMap<>();
  private final Set<String> figures = new LinkedHashSet<>();
  private final Map<String, String> failures = new LinkedHashMap<>();

  /**
   * Begins with nothing measured.
   *
   * @param engines their names; ratios are those of the first to each other one
   */
  Comparison(Path model, int threads, List<String> engines) {
    this.model = model;
    this.threads = threads;
    this.engines = List.copyOf(engines);
  }

  /** Adds a run of an engine. */
  void add(String engine, Map<String, Double> run) {
    figures.addAll(run.keySet());
    Map<String, List<Double>> own = values.computeIfAbsent(engine, e -> new LinkedHashMap<>());
    run.forEach((figure, value) -> own.computeIfAbsent(figure, f -> new ArrayList<>()).add(value));
  }

  /** Engines that did not come to an end, and why; to be filled. */
  Map<String, String> failures() {
    return failures;
  }

  @Nullable Spread spread(String engine, String figure) {
    List<Double> runs = values.getOrDefault(engine, Map.of()).get(figure);
    return runs == null ? null : Spread.of(runs);
  }

  /** How many times better the first engine is than another, by medians; null if unknown. */
  @Nullable Double ratio(String other, String figure) {
    Spread own = spread(engines.getFirst(), figure);
    Spread theirs = spread(other, figure);
    if (own == null || theirs == null || other.equals(engines.getFirst())) {
      return null;
    }
    return Figure.isSpeed(figure) ? own.median() / theirs.median() : theirs.median() / own.median();
  }

  /**
   * A row a figure: each engine's median with extremes, then how many times better the first is.
   */
  String table() {
    List<String> heading = new ArrayList<>(List.of(""));
    heading.addAll(engines);
    engines.stream().skip(1).forEach(other -> heading.add("× " + other));
    Table table = new Table(heading);
    for (String figure : figures) {
      List<String> row = new ArrayList<>(List.of(figure));
      engines.forEach(engine -> row.add(text(figure, spread(engine, figure))));
      engines.stream()
          .skip(1)
          .forEach(
              other -> {
                Double ratio = ratio(other, figure);
                row.add(ratio == null ? "" : String.format(Locale.ROOT, "%.2f", ratio));
              });
      table.add(row);
    }
    StringBuilder text = new StringBuilder();
    text.append(String.format(Locale.ROOT, "%s, %d threads%n%n%s", model, threads, table));
    failures.forEach((engine, why) -> text.append(engine).append(": ").append(why).append('\n'));
    return text.toString();
  }

  private static String text(String figure, @Nullable Spread spread) {
    if (spread == null) {
      return "-";
    }
    return Figure.isBytes(figure)
        ? String.format(Locale.ROOT, "%.2f GiB", spread.median() / (1L << 30))
        : String.format(
            Locale.ROOT, "%.2f (%.2f to %.2f)", spread.median(), spread.min(), spread.max());
  }

  /** The same for JSON. */
  Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("model", model.toString());
    map.put("threads", threads);
    Map<String, Object> rows = new LinkedHashMap<>();
    for (String figure : figures) {
      Map<String, Object> row = new LinkedHashMap<>();
      for (String engine : engines) {
        Spread spread = spread(engine, figure);
        if (spread == null) {
          continue;
        }
        Map<String, Object> cell = spread.toMap();
        Double ratio = ratio(engine, figure);
        if (ratio != null) {
          cell.put("ratio", ratio);
        }
        row.put(engine, cell);
      }
      rows.put(figure, row);
    }
    map.put("figures", rows);
    map.put("failures", failures);
    return map;
  }
}
