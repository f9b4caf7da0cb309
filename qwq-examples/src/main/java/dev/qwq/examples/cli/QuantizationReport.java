package dev.qwq.examples.cli;

import dev.qwq.model.QuantizationMix;
import dev.qwq.model.Quantizer;
import dev.qwq.model.TensorReport;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What users are told about a file that was quantised.
 *
 * @param bytes the size of the file
 */
record QuantizationReport(
    Path model,
    Path target,
    long bytes,
    QuantizationMix mix,
    Quantizer.Report result,
    double seconds) {

  Map<String, Object> json() {
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("path", target.toString());
    values.put("source", model.toString());
    values.put("type", mix.name());
    values.put("bytes", bytes);
    values.put("weight_bytes", result.bytes());
    values.put("source_weight_bytes", result.sourceBytes());
    values.put("bits_per_weight", result.bitsPerWeight());
    values.put("substitutes", result.substitutes());
    values.put("seconds", seconds);
    values.put("tensors", result.tensors().stream().map(QuantizationReport::json).toList());
    return values;
  }

  private static Map<String, Object> json(TensorReport tensor) {
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("name", tensor.name());
    values.put("shape", tensor.shape());
    values.put("from", tensor.from().name());
    values.put("to", tensor.to().name());
    values.put("source_bytes", tensor.sourceBytes());
    values.put("bytes", tensor.bytes());
    values.put("rms_relative_error", tensor.error().relative());
    values.put("max_error", tensor.error().largest());
    return values;
  }

  void printTensors(PrintWriter out) {
    String row = "%-28s %-16s %-6s %-6s %16s %10s %10s%n";
    out.printf(row, "tensor", "shape", "from", "to", "bytes", "rms error", "max error");
    for (TensorReport tensor : result.tensors()) {
      out.printf(
          Locale.ROOT,
          row,
          tensor.name(),
          tensor.shape().stream().map(String::valueOf).collect(Collectors.joining(" x ")),
          tensor.from(),
          tensor.to(),
          String.format(Locale.ROOT, "%,d", tensor.bytes()),
          percent(tensor.error().relative()),
          String.format(Locale.ROOT, "%.3g", tensor.error().largest()));
    }
  }

  void printSummary(PrintWriter out) {
    out.printf(
        Locale.ROOT,
        "%s: %,d bytes (%s) in %.1f s; weights %s to %s, %.2f bits each%n",
        target,
        bytes,
        Terminals.bytes(bytes),
        seconds,
        Terminals.bytes(result.sourceBytes()),
        Terminals.bytes(result.bytes()),
        result.bitsPerWeight());
    List<TensorReport> moved =
        result.tensors().stream().filter(tensor -> tensor.error().relative() > 0).toList();
    moved.stream()
        .max(Comparator.comparingDouble(tensor -> tensor.error().relative()))
        .ifPresent(
            worst ->
                out.printf(
                    "largest error: %s of the weights' size (rms) in %s, %s%n",
                    percent(worst.error().relative()), worst.name(), worst.to()));
    if (result.substitutes() > 0) {
      out.printf(
          "%d tensors have rows that their format's blocks do not fit, and got another format%n",
          result.substitutes());
    }
    if (mix == QuantizationMix.Q2_K_S) {
      out.println(
          "Q2_K_S is made for an importance matrix, which qwq does not read: Q2_K is better");
    }
  }

  private static String percent(double ratio) {
    return ratio == 0 ? "0" : String.format(Locale.ROOT, "%.3g %%", 100 * ratio);
  }
}
