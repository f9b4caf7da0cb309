package dev.qwq.model;

import dev.qwq.weights.GgufFile;
import dev.qwq.weights.GgufWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/** Writes everything but the tokenizer into the metadata of a GGUF file. */
final class GgufHead {
  private static final String FILE_TYPE = "general.file_type";
  private static final String QUANTIZATION_VERSION = "general.quantization_version";

  /** The current version of the quantised formats. */
  private static final int VERSION = 2;

  private GgufHead() {}

  static void write(GgufWriter writer, String name, int fileType, ModelConfig config) {
    String arch = config.architecture() + ".";
    writer
        .putString("general.architecture", config.architecture())
        .putString("general.type", "model")
        .putString("general.name", name)
        .putUint32(FILE_TYPE, fileType)
        .putUint32(QUANTIZATION_VERSION, VERSION)
        .putUint32(arch + "block_count", config.layers())
        .putUint32(arch + "context_length", config.contextLength())
        .putUint32(arch + "embedding_length", config.hiddenSize())
        .putUint32(arch + "feed_forward_length", config.intermediateSize())
        .putUint32(arch + "attention.head_count", config.heads())
        .putUint32(arch + "attention.head_count_kv", config.kvHeads())
        .putFloat32(arch + "attention.layer_norm_rms_epsilon", config.rmsNormEps())
        .putFloat32(arch + "rope.freq_base", config.ropeTheta())
        .putUint32(arch + "vocab_size", config.vocabSize());
    if (config.headDim() * config.heads() != config.hiddenSize()) {
      writer
          .putUint32(arch + "attention.key_length", config.headDim())
          .putUint32(arch + "attention.value_length", config.headDim());
    }
    config.yarn().ifPresent(yarn -> writeYarn(writer, arch + "rope.scaling.", yarn));
  }

  /**
   * Copies the head of another GGUF file, tokenizer included: everything that does not speak of how
   * that file is written.
   *
   * @param fileType the mix, or empty if it is that of the other file
   */
  static void copy(GgufWriter writer, GgufFile source, OptionalInt fileType) {
    writer.putAll(
        source,
        key ->
            !key.equals(QUANTIZATION_VERSION)
                && !key.equals("general.alignment")
                && !key.startsWith("split.")
                && !(key.equals(FILE_TYPE) && fileType.isPresent()));
    fileType.ifPresent(type -> writer.putUint32(FILE_TYPE, type));
    writer.putUint32(QUANTIZATION_VERSION, VERSION);
  }

  private static void writeYarn(GgufWriter writer, String prefix, ModelConfig.Yarn yarn) {
    writer
        .putString(prefix + "type", "yarn")
        .putFloat32(prefix + "factor", yarn.factor())
        .putUint32(prefix + "original_context_length", yarn.originalContext());
    if (yarn.attentionFactor() != 0) {
      double byFormula = 0.1 * Math.log(yarn.factor()) + 1;
      writer.putFloat32(prefix + "attn_factor", (float) (yarn.attentionFactor() / byFormula));
    }
    if (yarn.betaFast() != 32 || yarn.betaSlow() != 1) {
      writer
          .putFloat32(prefix + "yarn_beta_fast", yarn.betaFast())
          .putFloat32(prefix + "yarn_beta_slow", yarn.betaSlow());
    }
  }

  static void writeTemplates(GgufWriter writer, Map<String, String> templates) {
    List<String> named = new ArrayList<>();
    templates.forEach(
        (name, text) -> {
          if (name.equals(ChatTemplates.DEFAULT)) {
            writer.putString("tokenizer.chat_template", text);
          } else {
            named.add(name);
            writer.putString("tokenizer.chat_template." + name, text);
          }
        });
    if (!named.isEmpty()) {
      writer.putStrings("tokenizer.chat_templates", named);
    }
  }

  static void writeDefaults(
      GgufWriter writer, GenerationDefaults defaults, OptionalInt tokenizerEos) {
    defaults.temperature().ifPresent(v -> writer.putFloat32("general.sampling.temp", (float) v));
    defaults.topK().ifPresent(v -> writer.putInt32("general.sampling.top_k", v));
    defaults.topP().ifPresent(v -> writer.putFloat32("general.sampling.top_p", (float) v));
    defaults.minP().ifPresent(v -> writer.putFloat32("general.sampling.min_p", (float) v));
    defaults
        .repetitionPenalty()
        .ifPresent(v -> writer.putFloat32("general.sampling.penalty_repeat", (float) v));
    // The format names one end of a turn and one of a message besides.
    List<String> keys = new ArrayList<>();
    if (tokenizerEos.isEmpty()) {
      keys.add("tokenizer.ggml.eos_token_id");
    }
    keys.add("tokenizer.ggml.eot_token_id");
    keys.add("tokenizer.ggml.eom_token_id");
    for (int id : defaults.eosTokenIds()) {
      if (!keys.isEmpty() && id != tokenizerEos.orElse(-1)) {
        writer.putUint32(keys.removeFirst(), id);
      }
    }
  }
}
