package dev.qwq.model;

import com.fasterxml.jackson.databind.JsonNode;
import dev.qwq.weights.JsonFile;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Reads {@code config.json} in both spellings: as models were published ({@code rope_theta}, {@code
 * rope_scaling}) and as transformers 5 writes it ({@code rope_parameters}).
 */
final class HfConfig {
  private static final String ARCHITECTURE = "qwen2";
  private static final String MODEL_CLASS = "Qwen2ForCausalLM";

  private final JsonFields fields;

  private HfConfig(JsonFields fields) {
    this.fields = fields;
  }

  static ModelConfig read(Path file) {
    return new HfConfig(new JsonFields(file, JsonFile.readObject(file))).read();
  }

  private ModelConfig read() {
    checkArchitecture();
    checkOptions();
    int heads = fields.requireInteger("num_attention_heads", 1, Limits.HEADS);
    int kvHeads = fields.requireInteger("num_key_value_heads", 1, Limits.HEADS);
    int hidden = fields.requireInteger("hidden_size", 1, Limits.WIDTH);
    ModelConfig config =
        new ModelConfig(
            ARCHITECTURE,
            fields.requireInteger("num_hidden_layers", 1, Limits.LAYERS),
            hidden,
            fields.requireInteger("intermediate_size", 1, Limits.WIDTH),
            heads,
            kvHeads,
            headDim(hidden, heads),
            fields.requireInteger("vocab_size", 1, Limits.VOCABULARY),
            (float) fields.requireNumber("rms_norm_eps", Limits.MIN_EPS, Limits.MAX_EPS),
            ropeTheta(),
            HfRope.yarn(fields),
            fields.requireInteger("max_position_embeddings", 1, Limits.CONTEXT),
            // The architecture's own default, and that of every published file that leaves it out.
            fields.flag("tie_word_embeddings").orElse(false));
    if (heads % kvHeads != 0) {
      throw fields.malformed(
          "num_key_value_heads", "a divisor of the " + heads + " heads", String.valueOf(kvHeads));
    }
    return config;
  }

  private void checkArchitecture() {
    JsonNode classes = fields.object().path("architectures");
    String named = classes.isEmpty() ? "" : " (" + classes.get(0).asText() + ")";
    String type =
        fields
            .text("model_type")
            .orElseThrow(() -> fields.malformed("model_type", ARCHITECTURE, "nothing" + named));
    if (!type.equals(ARCHITECTURE)) {
      throw fields.unsupported("model_type", ARCHITECTURE, type + named);
    }
    if (!classes.isEmpty() && !MODEL_CLASS.equals(classes.get(0).asText())) {
      throw fields.unsupported("architectures", MODEL_CLASS, classes.get(0).asText());
    }
  }

  /** Options that change what the model computes must have the one value that is implemented. */
  private void checkOptions() {
    JsonNode quantization = fields.object().path("quantization_config");
    if (!quantization.isMissingNode() && !quantization.isNull()) {
      throw fields.unsupported(
          "quantization_config",
          "weights in F32, F16 or BF16 here, or quantised in a GGUF file",
          quantization.path("quant_method").asText("a quantisation")
              + quantizationBits(quantization));
    }
    String activation = fields.text("hidden_act").orElse("nothing");
    if (!activation.equals("silu")) {
      throw fields.unsupported("hidden_act", "silu", activation);
    }
    requireFlag("use_sliding_window", false);
    requireFlag("use_mrope", false);
    requireFlag("is_causal", true);
    for (JsonNode type : fields.object().path("layer_types")) {
      if (!type.asText().equals("full_attention")) {
        throw fields.unsupported("layer_types", "full_attention", type.asText());
      }
    }
  }

  private static String quantizationBits(JsonNode quantization) {
    JsonNode bits = quantization.path("bits");
    return bits.isIntegralNumber() ? " with " + bits.asText() + " bits" : "";
  }

  private void requireFlag(String name, boolean value) {
    if (fields.flag(name).orElse(value) != value) {
      throw fields.unsupported(name, String.valueOf(value), String.valueOf(!value));
    }
  }

  private int headDim(int hidden, int heads) {
    if (!fields.has("head_dim") && hidden % heads != 0) {
      throw fields.malformed(
          "head_dim", "a number, as " + heads + " heads do not divide " + hidden, "nothing");
    }
    int dim = fields.integer("head_dim", 1, Limits.HEAD_DIM).orElse(hidden / heads);
    if (dim % 2 != 0 || dim > Limits.HEAD_DIM) {
      throw fields.malformed(
          "head_dim", "an even number up to " + Limits.HEAD_DIM, String.valueOf(dim));
    }
    return dim;
  }

  private float ropeTheta() {
    Optional<JsonFields> rope = fields.object("rope_parameters");
    if (rope.isPresent() && rope.get().has("rope_theta")) {
      double theta = rope.get().requireNumber("rope_theta", Limits.MIN_THETA, Limits.MAX_THETA);
      double other = fields.number("rope_theta", Limits.MIN_THETA, Limits.MAX_THETA).orElse(theta);
      if (theta != other) {
        throw fields.malformed(
            "rope_theta", theta + " as in rope_parameters", String.valueOf(other));
      }
      return (float) theta;
    }
    return (float) fields.requireNumber("rope_theta", Limits.MIN_THETA, Limits.MAX_THETA);
  }
}
