package dev.qwq.bench.gpu;

import com.fasterxml.jackson.databind.JsonNode;
import dev.qwq.bench.Json;
import dev.qwq.bench.Table;
import java.time.LocalDate;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A check of a GPU: what {@code gpu_bench} wrote, and what models measured.
 *
 * @param date when
 * @param device what computed
 * @param kernels the document of gpu_bench; null if it was not run
 * @param models of each model its figures
 */
record GpuReport(
    LocalDate date, String device, @Nullable JsonNode kernels, List<DeviceFigures> models) {

  /**
   * Bytes a second that copies within the device's memory read and write together; NaN if unknown.
   */
  static double copyRate(@Nullable JsonNode kernels) {
    return limit(kernels, "copy_bytes_per_second");
  }

  /** Operations a second of bf16 products; NaN if unknown. */
  static double bf16Rate(@Nullable JsonNode kernels) {
    return limit(kernels, "bf16_operations_per_second");
  }

  private static double limit(@Nullable JsonNode kernels, String name) {
    return kernels == null
        ? Double.NaN
        : kernels.required("limits").required(name).required("median").asDouble(Double.NaN);
  }

  String json() {
    Map<String, @Nullable Object> report = new LinkedHashMap<>();
    report.put("date", date.toString());
    report.put("device", device);
    report.put("kernels", kernels);
    report.put("models", models);
    return Json.text(report);
  }

  String markdown() {
    StringBuilder text = new StringBuilder();
    text.append("# ").append(device).append(", ").append(date).append("\n\n");
    if (kernels != null) {
      appendLimits(text, kernels);
    }
    for (DeviceFigures model : models) {
      appendModel(text, model);
    }
    if (kernels != null) {
      appendKernels(text, kernels.required("kernels"));
    }
    return text.toString();
  }

  private static void appendLimits(StringBuilder text, JsonNode kernels) {
    JsonNode gpu = kernels.required("device");
    text.append(
        String.format(
            Locale.ROOT,
            "%s, compute capability %s, %d multiprocessors, %.1f GiB, driver for CUDA %d, built"
                + " with %d.\n\n",
            gpu.required("name").textValue(),
            gpu.required("compute_capability").asText(),
            gpu.required("multiprocessors").intValue(),
            gpu.required("memory_bytes").doubleValue() / (1L << 30),
            gpu.required("driver_version").intValue(),
            gpu.required("runtime_version").intValue()));
    text.append(
        String.format(
            Locale.ROOT,
            "Limits, measured in the same run: copies %.0f GB/s (read and written), uploads %.1f"
                + " GB/s from pinned memory, bf16 %.1f TFLOP/s and int8 %.1f TOP/s with `mma`.\n\n",
            copyRate(kernels) / 1e9,
            limit(kernels, "upload_pinned_bytes_per_second") / 1e9,
            bf16Rate(kernels) / 1e12,
            limit(kernels, "int8_operations_per_second") / 1e12));
  }

  private static void appendModel(StringBuilder text, DeviceFigures model) {
    text.append("## ").append(model.model()).append("\n\n");
    text.append(
        String.format(
            Locale.ROOT,
            "%d of %d layers on the device, %.2f GB of weights there, open after %.1f s, room for"
                + " %,d tokens of KV cache.\n\n",
            model.deviceLayers(),
            model.layers(),
            model.weightBytes() / 1e9,
            model.loadSeconds(),
            model.kvCacheTokens()));
    Table decode =
        new Table(List.of("sequences", "context", "tokens/s", "read, GB/s", "of copies"));
    for (DeviceFigures.Decode row : model.decode()) {
      decode.add(
          List.of(
              String.valueOf(row.batch()),
              String.valueOf(row.context()),
              String.format(Locale.ROOT, "%.1f", row.tokensPerSecond()),
              String.format(Locale.ROOT, "%.0f", row.bytesPerSecond() / 1e9),
              percent(row.shareOfCopy())));
    }
    text.append(decode).append('\n');
    Table prefill = new Table(List.of("prompt", "tokens/s", "matrices, TFLOP/s", "of bf16"));
    for (DeviceFigures.Prefill row : model.prefill()) {
      prefill.add(
          List.of(
              String.valueOf(row.tokens()),
              String.format(Locale.ROOT, "%.0f", row.tokensPerSecond()),
              String.format(Locale.ROOT, "%.1f", row.operationsPerSecond() / 1e12),
              percent(row.shareOfBf16())));
    }
    text.append(prefill).append('\n');
  }

  private static void appendKernels(StringBuilder text, JsonNode kernels) {
    text.append("## Kernels\n\n");
    Table table =
        new Table(
            List.of(
                "kernel",
                "format",
                "shape",
                "rows",
                "context",
                "us",
                "GB/s",
                "of copies",
                "GOP/s",
                "of products"));
    for (JsonNode row : kernels) {
      table.add(
          List.of(
              row.required("op").textValue(),
              row.required("format").textValue(),
              row.required("shape").textValue(),
              row.required("rows").asText(),
              row.required("context").asText(),
              String.format(
                  Locale.ROOT,
                  "%.1f",
                  1e6 * row.required("seconds").required("median").doubleValue()),
              String.format(
                  Locale.ROOT, "%.0f", row.required("bytes_per_second").doubleValue() / 1e9),
              percent(orNull(row.required("share_of_copy"))),
              String.format(
                  Locale.ROOT, "%.0f", row.required("operations_per_second").doubleValue() / 1e9),
              percent(orNull(row.required("share_of_arithmetic")))));
    }
    text.append(table);
  }

  /** A part of a limit; null if the limit is unknown. */
  static @Nullable Double share(double part, double limit) {
    return Double.isNaN(limit) ? null : part / limit;
  }

  private static String percent(@Nullable Double share) {
    return share == null ? "" : String.format(Locale.ROOT, "%.1f %%", 100 * share);
  }

  private static @Nullable Double orNull(JsonNode number) {
    return number.isNumber() ? number.doubleValue() : null;
  }
}
