package dev.qwq.examples.cli;

import dev.qwq.ModelOptions;
import dev.qwq.ModelPlan;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What opening a model takes. */
record PlanReport(Path path, ModelPlan plan) {
  private static final int[] CONTEXTS = {4096, 8192, 16_384, 32_768, 65_536, 131_072};
  private static final String ROW = "%-14s %-10s %10s %10s %10s %10s %10s%n";

  static PlanReport of(Path path, ModelOptions options) {
    return new PlanReport(path, ModelPlan.of(path, options));
  }

  Map<String, @Nullable Object> json() {
    Map<String, @Nullable Object> values = new LinkedHashMap<>();
    values.put("path", path.toString());
    values.put("context_length", plan.contextLength());
    values.put("trained_context_length", plan.trainedContextLength());
    values.put("kv_cache_tokens", plan.kvCacheTokens());
    values.put("kv_layout", plan.kvLayout());
    values.put("kv_bytes_per_token", plan.kvBytesPerToken());
    values.put("layers", plan.layers());
    values.put("device_layers", plan.deviceLayers());
    values.put("host_weight_bytes", plan.hostWeightBytes());
    values.put("host_workspace_bytes", plan.hostWorkspaceBytes());
    values.put("places", plan.places().stream().map(PlanReport::json).toList());
    Map<String, Object> kv = new LinkedHashMap<>();
    for (int context : contexts()) {
      kv.put(String.valueOf(context), context * plan.kvBytesPerToken());
    }
    values.put("kv_bytes_by_context", kv);
    return values;
  }

  private static Map<String, @Nullable Object> json(ModelPlan.Place place) {
    Map<String, @Nullable Object> values = new LinkedHashMap<>();
    values.put("device", place.device());
    values.put("title", place.title());
    values.put("first_layer", place.firstLayer());
    values.put("layers", place.layers());
    values.put("weight_bytes", place.weightBytes());
    values.put("kv_cache_bytes", place.kvCacheBytes());
    values.put("workspace_bytes", place.workspaceBytes());
    values.put("free_bytes", place.freeBytes().isPresent() ? place.freeBytes().getAsLong() : null);
    return values;
  }

  /** Usual lengths up to that of the model. */
  private List<Integer> contexts() {
    List<Integer> contexts = new ArrayList<>();
    for (int context : CONTEXTS) {
      if (context < plan.trainedContextLength()) {
        contexts.add(context);
      }
    }
    contexts.add(plan.trainedContextLength());
    return contexts;
  }

  void print(PrintWriter out) {
    out.println("Plan for " + path);
    out.printf(ROW, "layers", "device", "weights", "KV cache", "workspace", "together", "free");
    for (ModelPlan.Place place : plan.places()) {
      String layers =
          place.layers() == plan.layers()
              ? "all " + plan.layers()
              : "%d to %d".formatted(place.firstLayer(), place.firstLayer() + place.layers() - 1);
      out.printf(
          ROW,
          layers,
          place.device(),
          place.onDevice() ? Terminals.gibibytes(place.weightBytes()) : "in file",
          Terminals.gibibytes(place.kvCacheBytes()),
          Terminals.gibibytes(place.workspaceBytes()),
          Terminals.gibibytes(place.bytes()),
          place.freeBytes().isPresent()
              ? Terminals.gibibytes(place.freeBytes().getAsLong())
              : "unknown");
    }
    out.printf(
        "The host keeps %s of weights where the file is mapped, and a workspace of %s.%n",
        Terminals.gibibytes(plan.hostWeightBytes()),
        Terminals.gibibytes(plan.hostWorkspaceBytes()));
    out.printf(
        Locale.ROOT,
        "Longest conversation: %,d tokens of the %,d that the model is made for; the KV cache holds"
            + " %,d.%n",
        plan.contextLength(),
        plan.trainedContextLength(),
        plan.kvCacheTokens());
    out.printf(
        "A token takes %s of KV cache in %s:",
        Terminals.bytes(plan.kvBytesPerToken()), plan.kvLayout());
    for (int context : contexts()) {
      out.printf(
          Locale.ROOT,
          " %,d tokens %s%s",
          context,
          Terminals.gibibytes(context * plan.kvBytesPerToken()),
          context == plan.trainedContextLength() ? ".\n" : ",");
    }
  }
}
