package dev.qwq.examples.cli;

import dev.qwq.model.ModelConfig;
import dev.qwq.model.ModelSource;
import dev.qwq.tokenizer.Tokenizer;
import dev.qwq.weights.TensorInfo;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Shows what a model is made of. */
@Command(
    name = "inspect",
    description = "Shows what a model is made of. Computes nothing.",
    footer = {"", "Example:", "  qwq inspect -m QwQ-32B-Q4_K_M.gguf"})
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class InspectCommand extends Subcommand {
  /** An f16 element of the KV cache. */
  private static final int KV_ELEMENT_BYTES = 2;

  @Mixin private ModelOption model;

  @Option(names = "--tensors", description = "List every tensor.")
  private boolean listTensors;

  @Option(
      names = "--json",
      description = "Print one JSON object; its keys are those of the plain output.")
  private boolean json;

  @Override
  public Integer call() {
    try (ModelSource source = ModelSource.open(model.path())) {
      Map<String, @Nullable Object> report = report(source);
      if (json) {
        printJson(report);
      } else {
        print("", report);
      }
    }
    return 0;
  }

  private Map<String, @Nullable Object> report(ModelSource source) {
    ModelConfig config = source.config();
    Map<String, @Nullable Object> report = new LinkedHashMap<>();
    report.put("path", source.path().toString());
    report.put("architecture", config.architecture());
    report.put("parameters", source.tensors().stream().mapToLong(TensorInfo::elements).sum());
    report.put("hyper_parameters", hyperParameters(config));
    report.put("tensor_types", tensorTypes(source.tensors()));
    if (listTensors) {
      report.put("tensors", tensors(source.tensors()));
    }
    report.put("tokenizer", source.tokenizer().map(InspectCommand::tokenizer).orElse(null));
    report.put("chat_template", source.chatTemplate().orElse(null));
    report.put("chat_templates", List.copyOf(source.chatTemplates().keySet()));
    report.put("generation", GenerationReport.of(source.generationDefaults()));
    Map<String, Object> memory = new LinkedHashMap<>();
    memory.put("weight_bytes", source.weightBytes());
    memory.put("kv_layout", "f16");
    memory.put("kv_bytes_per_token", kvBytesPerToken(config));
    memory.put("kv_bytes_at_context_length", kvBytesPerToken(config) * config.contextLength());
    report.put("memory", memory);
    return report;
  }

  private static long kvBytesPerToken(ModelConfig config) {
    return 2L * KV_ELEMENT_BYTES * config.layers() * config.kvHeads() * config.headDim();
  }

  private static Map<String, @Nullable Object> hyperParameters(ModelConfig config) {
    Map<String, @Nullable Object> values = new LinkedHashMap<>();
    values.put("layers", config.layers());
    values.put("hidden_size", config.hiddenSize());
    values.put("intermediate_size", config.intermediateSize());
    values.put("heads", config.heads());
    values.put("kv_heads", config.kvHeads());
    values.put("head_dim", config.headDim());
    values.put("vocab_size", config.vocabSize());
    values.put("context_length", config.contextLength());
    values.put("rms_norm_eps", config.rmsNormEps());
    values.put("rope_theta", config.ropeTheta());
    values.put("yarn", config.yarn().map(InspectCommand::yarn).orElse(null));
    values.put("tied_embeddings", config.tiedEmbeddings());
    return values;
  }

  private static Map<String, Object> yarn(ModelConfig.Yarn yarn) {
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("factor", yarn.factor());
    values.put("original_context", yarn.originalContext());
    values.put("beta_fast", yarn.betaFast());
    values.put("beta_slow", yarn.betaSlow());
    values.put("attention_factor", yarn.attentionFactor());
    return values;
  }

  private static Map<String, Object> tensorTypes(List<TensorInfo> tensors) {
    Map<String, long[]> sums = new TreeMap<>();
    for (TensorInfo tensor : tensors) {
      long[] sum = sums.computeIfAbsent(tensor.dtype().name(), _ -> new long[2]);
      sum[0]++;
      sum[1] += tensor.bytes();
    }
    Map<String, Object> types = new LinkedHashMap<>();
    sums.forEach(
        (type, sum) -> {
          Map<String, Object> values = new LinkedHashMap<>();
          values.put("tensors", sum[0]);
          values.put("bytes", sum[1]);
          types.put(type, values);
        });
    return types;
  }

  private static List<Map<String, Object>> tensors(List<TensorInfo> tensors) {
    List<Map<String, Object>> list = new ArrayList<>();
    for (TensorInfo tensor : tensors) {
      Map<String, Object> values = new LinkedHashMap<>();
      values.put("name", tensor.name());
      values.put("type", tensor.dtype().name());
      values.put("shape", tensor.shape());
      values.put("bytes", tensor.bytes());
      list.add(values);
    }
    return list;
  }

  private static Map<String, @Nullable Object> tokenizer(Tokenizer tokenizer) {
    Map<String, @Nullable Object> values = new LinkedHashMap<>();
    values.put("size", tokenizer.size());
    values.put("bos_id", orNull(tokenizer.bosId()));
    values.put("eos_id", orNull(tokenizer.eosId()));
    values.put("pad_id", orNull(tokenizer.padId()));
    values.put("add_bos", tokenizer.addBos());
    return values;
  }

  static @Nullable Integer orNull(OptionalInt value) {
    return value.isPresent() ? value.getAsInt() : null;
  }

  private void print(String indent, Map<?, ?> values) {
    values.forEach(
        (key, value) -> {
          String name = indent + String.valueOf(key).replace('_', ' ');
          switch (value) {
            case Map<?, ?> map -> {
              out().println(name);
              print(indent + "  ", map);
            }
            case null -> out().printf("%-28s none%n", name);
            case List<?> list when !list.isEmpty() && list.getFirst() instanceof Map -> {
              out().println(name);
              list.forEach(element -> out().println(indent + "  " + line((Map<?, ?>) element)));
            }
            case String text when text.contains("\n") ->
                out().printf("%-28s %,d characters%n", name, text.length());
            case Long bytes when String.valueOf(key).contains("bytes") ->
                out().printf(Locale.ROOT, "%-28s %,d (%s)%n", name, bytes, Terminals.bytes(bytes));
            case Integer number -> out().printf("%-28s %d%n", name, number);
            case Long number -> out().printf(Locale.ROOT, "%-28s %,d%n", name, number);
            default -> out().printf("%-28s %s%n", name, Terminals.harmless(String.valueOf(value)));
          }
        });
  }

  private static String line(Map<?, ?> tensor) {
    return String.format(
        Locale.ROOT,
        "%-28s %-5s %-16s %s bytes",
        tensor.get("name"),
        tensor.get("type"),
        tensor.get("shape"),
        tensor.get("bytes"));
  }
}
