package dev.qwq.model;

import dev.qwq.MalformedFileException;
import dev.qwq.weights.GgufFile;
import dev.qwq.weights.TensorInfo;
import java.util.Optional;
import java.util.Set;

/** Reads the hyper-parameters out of a GGUF file's metadata. */
final class GgufConfig {
  private static final String ARCHITECTURE = "qwen2";

  private static final Set<String> ROPE_KEYS =
      Set.of(
          "rope.dimension_count",
          "rope.freq_base",
          "rope.scale_linear",
          "rope.scaling.type",
          "rope.scaling.factor",
          "rope.scaling.attn_factor",
          "rope.scaling.original_context_length",
          "rope.scaling.finetuned",
          "rope.scaling.yarn_log_multiplier",
          "rope.scaling.yarn_ext_factor",
          "rope.scaling.yarn_attn_factor",
          "rope.scaling.yarn_beta_fast",
          "rope.scaling.yarn_beta_slow");

  private final GgufFile gguf;
  private final GgufFields fields;

  private GgufConfig(GgufFile gguf) {
    this.gguf = gguf;
    fields = new GgufFields(gguf.path(), gguf.metadata());
  }

  static ModelConfig read(GgufFile gguf) {
    return new GgufConfig(gguf).read();
  }

  private ModelConfig read() {
    String type = fields.text("general.type").orElse("model");
    if (!type.equals("model")) {
      throw fields.unsupported("general.type", "model", type);
    }
    String architecture =
        fields
            .text("general.architecture")
            .orElseThrow(() -> fields.malformed("general.architecture", ARCHITECTURE, null));
    if (!architecture.equals(ARCHITECTURE)) {
      throw fields.unsupported("general.architecture", ARCHITECTURE, architecture);
    }
    requireZero("expert_count");
    if (!fields.flag(key("attention.causal")).orElse(true)) {
      throw fields.unsupported(key("attention.causal"), "true", "false");
    }
    int heads = fields.requireInteger(key("attention.head_count"), 1, Limits.HEADS);
    // Where the key is absent every query head has its own, says the format.
    int kvHeads = fields.integer(key("attention.head_count_kv"), 1, Limits.HEADS).orElse(heads);
    int hidden = fields.requireInteger(key("embedding_length"), 1, Limits.WIDTH);
    if (heads % kvHeads != 0) {
      throw fields.malformed(
          key("attention.head_count_kv"), "a divisor of the " + heads + " heads", kvHeads);
    }
    int headDim = headDim(hidden, heads);
    return new ModelConfig(
        architecture,
        fields.requireInteger(key("block_count"), 1, Limits.LAYERS),
        hidden,
        fields.requireInteger(key("feed_forward_length"), 1, Limits.WIDTH),
        heads,
        kvHeads,
        headDim,
        vocabSize(),
        (float)
            fields.requireNumber(
                key("attention.layer_norm_rms_epsilon"), Limits.MIN_EPS, Limits.MAX_EPS),
        // The format's default where the key is absent.
        (float)
            fields.number(key("rope.freq_base"), Limits.MIN_THETA, Limits.MAX_THETA).orElse(10_000),
        yarn(),
        fields.requireInteger(key("context_length"), 1, Limits.CONTEXT),
        !gguf.tensors().containsKey("output.weight"));
  }

  private int vocabSize() {
    TensorInfo embedding = gguf.tensors().get("token_embd.weight");
    if (embedding == null) {
      throw new MalformedFileException(
          gguf.path(), "token_embd.weight", "the embedding matrix", "no such tensor");
    }
    if (embedding.rows() > Limits.VOCABULARY) {
      throw new MalformedFileException(
          gguf.path(),
          "token_embd.weight",
          "at most " + Limits.VOCABULARY + " rows",
          String.valueOf(embedding.rows()));
    }
    int rows = (int) embedding.rows();
    if (fields.integer(key("vocab_size"), 1, Limits.VOCABULARY).orElse(rows) != rows) {
      throw fields.malformed(
          key("vocab_size"),
          rows + " as token_embd.weight has rows",
          fields.metadata().get(key("vocab_size")));
    }
    return rows;
  }

  private int headDim(int hidden, int heads) {
    String key = key("attention.key_length");
    if (!fields.metadata().containsKey(key) && hidden % heads != 0) {
      throw fields.malformed(key, "a number, as " + heads + " heads do not divide " + hidden, null);
    }
    int dim = fields.integer(key, 1, Limits.HEAD_DIM).orElse(hidden / heads);
    if (dim % 2 != 0 || dim > Limits.HEAD_DIM) {
      throw fields.malformed(key, "an even number up to " + Limits.HEAD_DIM, dim);
    }
    requireHeadDim("attention.value_length", dim);
    requireHeadDim("rope.dimension_count", dim);
    return dim;
  }

  private void requireHeadDim(String name, int dim) {
    int found = fields.integer(key(name), 1, Limits.HEAD_DIM).orElse(dim);
    if (found != dim) {
      throw fields.unsupported(key(name), dim + ", the width of a head", found);
    }
  }

  private Optional<ModelConfig.Yarn> yarn() {
    for (String found : fields.metadata().keySet()) {
      if (found.startsWith(key("rope."))
          && !ROPE_KEYS.contains(found.substring(ARCHITECTURE.length() + 1))) {
        throw fields.unsupported(
            found, ROPE_KEYS.stream().sorted().toList().toString(), fields.metadata().get(found));
      }
    }
    requireOne("rope.scale_linear");
    String type = fields.text(key("rope.scaling.type")).orElse("none");
    return switch (type) {
      case "none" -> Optional.empty();
      case "linear" -> {
        // What writers put for no scaling, as long as the factor is 1.
        requireOne("rope.scaling.factor");
        yield Optional.empty();
      }
      case "yarn" -> Optional.of(readYarn());
      default -> throw fields.unsupported(key("rope.scaling.type"), "none, yarn", type);
    };
  }

  private ModelConfig.Yarn readYarn() {
    requireZero("rope.scaling.yarn_log_multiplier");
    requireOne("rope.scaling.yarn_ext_factor");
    requireOne("rope.scaling.yarn_attn_factor");
    double factor = fields.requireNumber(key("rope.scaling.factor"), 1, Limits.MAX_FACTOR);
    double fast = scaling("yarn_beta_fast", 32);
    double slow = scaling("yarn_beta_slow", 1);
    if (fast <= slow) {
      throw fields.malformed(key("rope.scaling.yarn_beta_fast"), "more than " + slow, fast);
    }
    // Here the file's number multiplies the method's own, unlike attention_factor in config.json.
    double multiplier = scaling("attn_factor", 1);
    double attention = multiplier == 1 ? 0 : multiplier * (0.1 * Math.log(factor) + 1);
    return new ModelConfig.Yarn(
        (float) factor,
        (float) fast,
        (float) slow,
        (float) attention,
        fields.requireInteger(key("rope.scaling.original_context_length"), 1, Limits.CONTEXT));
  }

  private double scaling(String name, double absent) {
    return fields
        .number(key("rope.scaling." + name), Limits.MIN_EPS, Limits.MAX_FACTOR)
        .orElse(absent);
  }

  private void requireOne(String name) {
    requireNumber(name, 1);
  }

  private void requireZero(String name) {
    requireNumber(name, 0);
  }

  private void requireNumber(String name, double value) {
    double found = fields.number(key(name), -Double.MAX_VALUE, Double.MAX_VALUE).orElse(value);
    if (found != value) {
      throw fields.unsupported(key(name), String.valueOf(value), found);
    }
  }

  private static String key(String name) {
    return ARCHITECTURE + "." + name;
  }
}
