package dev.qwq.bench.models;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.databind.JsonNode;
import dev.qwq.model.ModelSource;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What one model measured.
 *
 * @param file the model
 * @param prompt tokens of the prompt
 * @param prefill tokens a second
 * @param prefillOperations operations a second of the matrices, attention left out
 * @param decode tokens a second
 * @param bytesPerToken bytes of weights that a token reads
 * @param loadSeconds time to open it
 * @param peakBytes most memory, the mapped file included
 * @param fileBytes size of the file
 * @param limits what the machine can do; null if that was not measured
 */
record ModelFigures(
    @JsonIgnore Path file,
    int prompt,
    double prefill,
    double prefillOperations,
    double decode,
    long bytesPerToken,
    double loadSeconds,
    long peakBytes,
    long fileBytes,
    @Nullable Limits limits) {
  static final List<String> HEADING =
      List.of(
          "model",
          "decode, tokens/s",
          "weights read, GB/s",
          "of reading a mapped file",
          "of normal pages",
          "of huge pages",
          "prompt",
          "prefill, tokens/s",
          "matrices, GOP/s",
          "of arithmetic",
          "open, s",
          "memory beyond the file, MiB");

  /** Takes the output of {@code qwq bench --json}. */
  static ModelFigures of(
      Path file,
      int prompt,
      long fileBytes,
      ModelSource source,
      JsonNode bench,
      @Nullable Limits limits) {
    double prefill = median(bench, "prefill");
    return new ModelFigures(
        file,
        prompt,
        prefill,
        prefill * 2 * LayerWeights.of(source),
        median(bench, "decode"),
        bench.required("bytes_per_token").longValue(),
        bench.required("load_seconds").doubleValue(),
        bench.required("peak_rss_bytes").longValue(),
        fileBytes,
        limits);
  }

  private static double median(JsonNode bench, String what) {
    return bench.required(what).required("median").doubleValue();
  }

  List<String> row() {
    double bytes = decode * bytesPerToken;
    return List.of(
        String.valueOf(file.getFileName()),
        format("%.2f", decode),
        format("%.2f", bytes / 1e9),
        limits == null ? "" : format("%.1f %%", 100 * bytes / limits.filePages()),
        limits == null ? "" : format("%.1f %%", 100 * bytes / limits.normalPages()),
        limits == null ? "" : format("%.1f %%", 100 * bytes / limits.hugePages()),
        String.valueOf(prompt),
        format("%.2f", prefill),
        format("%.0f", prefillOperations / 1e9),
        limits == null
            ? ""
            : format("%.1f %% of ", 100 * prefillOperations / limits.operations())
                + limits.arithmetic(),
        format("%.2f", loadSeconds),
        format("%.0f", (peakBytes - fileBytes) / (1024.0 * 1024)));
  }

  private static String format(String format, double value) {
    return String.format(Locale.ROOT, format, value);
  }
}
