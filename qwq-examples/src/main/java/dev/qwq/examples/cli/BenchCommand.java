package dev.qwq.examples.cli;

import dev.qwq.Model;
import dev.qwq.ModelInfo;
import dev.qwq.model.ModelSource;
import dev.qwq.weights.TensorInfo;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Measures speed. */
@Command(
    name = "bench",
    description = "Measures a model's speed, after one run to warm up.",
    footer = {
      "",
      "Examples:",
      "  qwq bench",
      "  qwq bench -m QwQ-32B-Q4_K_M.gguf -p 512 -n 128 -t 16 -r 5 --json"
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class BenchCommand extends Subcommand {
  @Mixin private ModelOption model;
  @Mixin private ComputeOptions compute;

  @Option(
      names = {"-p", "--prompt-tokens"},
      paramLabel = "N",
      defaultValue = "512",
      description = "Tokens of the prompt (default: ${DEFAULT-VALUE}).")
  private int promptTokens;

  @Option(
      names = {"-n", "--generated-tokens"},
      paramLabel = "N",
      defaultValue = "128",
      description = "Tokens to generate (default: ${DEFAULT-VALUE}).")
  private int generatedTokens;

  @Option(
      names = {"-r", "--runs"},
      paramLabel = "N",
      defaultValue = "3",
      description = "Runs to measure (default: ${DEFAULT-VALUE}).")
  private int runs;

  @Option(
      names = "--json",
      description =
          "Print one JSON object: prefill and decode (median, min and max in tokens/s),"
              + " bytes_per_token, load_seconds, peak_rss_bytes.")
  private boolean json;

  @Override
  public Integer call() {
    require(promptTokens, "--prompt-tokens");
    require(generatedTokens, "--generated-tokens");
    require(runs, "--runs");
    build(() -> compute.builder().build());
    Path path = model.path();
    int context = Math.max(promptTokens + 1, Bench.DECODE_PROMPT + generatedTokens + 1);
    long start = System.nanoTime();
    try (Model opened = Models.open(path, compute.builderFor(context), bars())) {
      double loadSeconds = (System.nanoTime() - start) / 1e9;
      describe(opened.info(), loadSeconds);
      Bench bench = new Bench(opened, promptTokens, generatedTokens);
      double[] prefill = new double[runs];
      double[] decode = new double[runs];
      for (int run = -1; run < runs; run++) {
        double prefillSpeed = bench.prefill();
        progress(run, "prefill", promptTokens, prefillSpeed);
        double decodeSpeed = bench.decode();
        progress(run, "decode", generatedTokens, decodeSpeed);
        if (run >= 0) {
          prefill[run] = prefillSpeed;
          decode[run] = decodeSpeed;
        }
      }
      Long peak = Bench.peakRssBytes();
      print(Bench.spread(prefill), Bench.spread(decode), bytesPerToken(path), loadSeconds, peak);
    }
    return 0;
  }

  private void require(int value, String option) {
    if (value < 1) {
      throw wrongUse(option + ": expected 1 or more, found " + value);
    }
  }

  private void describe(ModelInfo info, double loadSeconds) {
    err()
        .printf(
            Locale.ROOT,
            "%s, %s, %s, %d threads, opened in %.2f s%n",
            info.architecture(),
            Terminals.bytes(info.weightBytes()),
            info.cpuIsa(),
            info.threads(),
            loadSeconds);
  }

  private void progress(int run, String what, int tokens, double speed) {
    String name = run < 0 ? "warm-up" : "run " + (run + 1) + "/" + runs;
    err().printf(Locale.ROOT, "%s: %s of %,d tokens: %.2f tokens/s%n", name, what, tokens, speed);
  }

  /** Every matrix is read once for a token; of an embedding that is no output matrix too, a row. */
  private static long bytesPerToken(Path path) {
    try (ModelSource source = ModelSource.open(path)) {
      long bytes = source.weightBytes();
      if (!source.config().tiedEmbeddings()) {
        TensorInfo embedding = source.tensor("token_embd.weight").orElseThrow();
        bytes += embedding.bytes() / embedding.rows() - embedding.bytes();
      }
      return bytes;
    }
  }

  private void print(
      Map<String, Double> prefill,
      Map<String, Double> decode,
      long bytesPerToken,
      double loadSeconds,
      @Nullable Long peakRssBytes) {
    if (json) {
      Map<String, @Nullable Object> result = new LinkedHashMap<>();
      result.put("prefill", prefill);
      result.put("decode", decode);
      result.put("bytes_per_token", bytesPerToken);
      result.put("load_seconds", loadSeconds);
      result.put("peak_rss_bytes", peakRssBytes);
      printJson(result);
      return;
    }
    printLine("prefill", promptTokens, prefill);
    printLine("decode", generatedTokens, decode);
    out()
        .printf(
            Locale.ROOT,
            "%s of weights per token, %.1f GB/s at the median; opened in %.2f s; peak memory %s%n",
            Terminals.bytes(bytesPerToken),
            decode.getOrDefault("median", 0.0) * bytesPerToken / 1e9,
            loadSeconds,
            peakRssBytes == null ? "unknown" : Terminals.bytes(peakRssBytes));
  }

  private void printLine(String what, int tokens, Map<String, Double> speed) {
    out()
        .printf(
            Locale.ROOT,
            "%-8s %,6d tokens: %.2f tokens/s (%.2f to %.2f)%n",
            what,
            tokens,
            speed.get("median"),
            speed.get("min"),
            speed.get("max"));
  }
}
