package dev.qwq.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The tensors of the Qwen2 architecture: their shapes, and their names in both worlds. */
final class Qwen2Tensors {
  private static final Map<String, String> GLOBAL =
      Map.of(
          "model.embed_tokens.weight", "token_embd.weight",
          "model.norm.weight", "output_norm.weight",
          "lm_head.weight", "output.weight");

  private static final Map<String, String> IN_LAYER =
      Map.ofEntries(
          Map.entry("input_layernorm.weight", "attn_norm.weight"),
          Map.entry("self_attn.q_proj.weight", "attn_q.weight"),
          Map.entry("self_attn.q_proj.bias", "attn_q.bias"),
          Map.entry("self_attn.k_proj.weight", "attn_k.weight"),
          Map.entry("self_attn.k_proj.bias", "attn_k.bias"),
          Map.entry("self_attn.v_proj.weight", "attn_v.weight"),
          Map.entry("self_attn.v_proj.bias", "attn_v.bias"),
          Map.entry("self_attn.o_proj.weight", "attn_output.weight"),
          Map.entry("post_attention_layernorm.weight", "ffn_norm.weight"),
          Map.entry("mlp.gate_proj.weight", "ffn_gate.weight"),
          Map.entry("mlp.up_proj.weight", "ffn_up.weight"),
          Map.entry("mlp.down_proj.weight", "ffn_down.weight"));

  private static final Pattern HF_LAYER = Pattern.compile("model\\.layers\\.(\\d{1,4})\\.(.+)");

  private Qwen2Tensors() {}

  /**
   * A tensor that the architecture has.
   *
   * @param name its GGUF name
   * @param shape outermost first; one dimension for norms and biases
   */
  record Expected(String name, List<Long> shape) {
    boolean isVector() {
      return shape.size() == 1;
    }
  }

  /** Returns all tensors of a model, in the order of a forward pass. */
  static List<Expected> of(ModelConfig config) {
    long hidden = config.hiddenSize();
    long ffn = config.intermediateSize();
    long q = (long) config.heads() * config.headDim();
    long kv = (long) config.kvHeads() * config.headDim();
    List<Expected> tensors = new ArrayList<>();
    tensors.add(matrix("token_embd.weight", config.vocabSize(), hidden));
    for (int layer = 0; layer < config.layers(); layer++) {
      String prefix = "blk." + layer + ".";
      tensors.add(vector(prefix + "attn_norm.weight", hidden));
      tensors.add(matrix(prefix + "attn_q.weight", q, hidden));
      tensors.add(vector(prefix + "attn_q.bias", q));
      tensors.add(matrix(prefix + "attn_k.weight", kv, hidden));
      tensors.add(vector(prefix + "attn_k.bias", kv));
      tensors.add(matrix(prefix + "attn_v.weight", kv, hidden));
      tensors.add(vector(prefix + "attn_v.bias", kv));
      tensors.add(matrix(prefix + "attn_output.weight", hidden, q));
      tensors.add(vector(prefix + "ffn_norm.weight", hidden));
      tensors.add(matrix(prefix + "ffn_gate.weight", ffn, hidden));
      tensors.add(matrix(prefix + "ffn_up.weight", ffn, hidden));
      tensors.add(matrix(prefix + "ffn_down.weight", hidden, ffn));
    }
    tensors.add(vector("output_norm.weight", hidden));
    if (!config.tiedEmbeddings()) {
      tensors.add(matrix("output.weight", config.vocabSize(), hidden));
    }
    return tensors;
  }

  /** Translates a name of a Hugging Face file; empty if the architecture has no such tensor. */
  static Optional<String> fromHuggingFace(String name) {
    Matcher layer = HF_LAYER.matcher(name);
    if (layer.matches()) {
      return Optional.ofNullable(IN_LAYER.get(layer.group(2)))
          .map(inLayer -> "blk." + Integer.parseInt(layer.group(1)) + "." + inLayer);
    }
    return Optional.ofNullable(GLOBAL.get(name));
  }

  /** The inverse of {@link #fromHuggingFace} for names that the architecture has. */
  static String toHuggingFace(String name) {
    if (name.startsWith("blk.")) {
      int dot = name.indexOf('.', 4);
      return "model.layers."
          + name.substring(4, dot)
          + "."
          + key(IN_LAYER, name.substring(dot + 1));
    }
    return key(GLOBAL, name);
  }

  private static String key(Map<String, String> names, String value) {
    return names.entrySet().stream()
        .filter(entry -> entry.getValue().equals(value))
        .map(Map.Entry::getKey)
        .findFirst()
        .orElseThrow();
  }

  private static Expected matrix(String name, long rows, long cols) {
    return new Expected(name, List.of(rows, cols));
  }

  private static Expected vector(String name, long length) {
    return new Expected(name, List.of(length));
  }
}
