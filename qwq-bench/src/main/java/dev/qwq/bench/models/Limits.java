package dev.qwq.bench.models;

import com.fasterxml.jackson.databind.JsonNode;
import dev.qwq.bench.Json;
import dev.qwq.bench.Tool;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * What the machine can do, as {@code kernel_bench} measured it.
 *
 * @param normalPages bytes a second that are read from pages of the usual size
 * @param filePages the same from a mapped file, as weights are
 * @param hugePages the same from huge pages
 * @param arithmetic the fastest instruction for products, of those that kernel_bench refers to
 * @param operations operations a second of that
 */
record Limits(
    double normalPages, double filePages, double hugePages, String arithmetic, double operations) {
  private static final double GIGA = 1e9;

  /** Measures. */
  static Limits measure(Path kernelBench, int threads, Path folder) throws IOException {
    String out =
        Tool.run(
            folder,
            List.of(
                kernelBench.toAbsolutePath().toString(),
                "--limits-only",
                "--json",
                "--folder",
                folder.toAbsolutePath().toString(),
                "--threads",
                String.valueOf(threads)));
    return parse(out);
  }

  static Limits parse(String json) throws IOException {
    JsonNode limits = Json.parse(json).required("limits");
    JsonNode read = limits.required("read_gb_s");
    String name = "";
    double best = 0;
    for (JsonNode probe : limits.required("arithmetic")) {
      double rate = probe.required("gop_s").required("median").doubleValue();
      if (probe.required("reference").booleanValue() && rate > best) {
        name = probe.required("name").textValue();
        best = rate;
      }
    }
    return new Limits(
        GIGA * read.required("normal").doubleValue(),
        GIGA * read.required("file").doubleValue(),
        GIGA * read.required("huge").doubleValue(),
        name,
        GIGA * best);
  }
}
