package dev.qwq.engine;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import dev.qwq.UnsupportedModelException;
import dev.qwq.model.ModelConfig;
import dev.qwq.model.ModelSource;
import dev.qwq.nativelib.ffi.Qwq;
import dev.qwq.nativelib.ffi.qwq_error;
import dev.qwq.nativelib.ffi.qwq_layer_weights;
import dev.qwq.nativelib.ffi.qwq_model_config;
import dev.qwq.nativelib.ffi.qwq_tensor;
import dev.qwq.nativelib.ffi.qwq_weights;
import dev.qwq.tokenizer.Tokenizer;
import dev.qwq.weights.TensorInfo;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A model's configuration and weight descriptors on the native side. The weights stay where the
 * {@link ModelSource} has them, which must not be closed before this.
 */
final class NativeModel implements AutoCloseable {
  private static final String QWEN2 = "qwen2";

  private final MemorySegment handle;

  /**
   * Hands configuration and weights to the native library, which checks them against each other.
   *
   * @param config hyper-parameters; those of the source, or changed ones
   * @param guardMapping whether the library guards the weights against a truncated file
   */
  NativeModel(ModelSource source, ModelConfig config, boolean guardMapping) {
    if (!config.architecture().equals(QWEN2)) {
      throw new UnsupportedModelException(
          source.path(), "architecture", QWEN2, config.architecture());
    }
    // The library copies the descriptors, so that all of this memory is needed for the call only.
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment error = qwq_error.allocate(arena);
      MemorySegment out = arena.allocate(Qwq.C_POINTER);
      MemorySegment struct = config(source, config, arena);
      qwq_model_config.guard_mapping(struct, guardMapping ? 1 : 0);
      NativeCalls.check(
          Qwq.qwq_model_create(struct, weights(source, config, arena), out, error), error);
      handle = out.get(Qwq.C_POINTER, 0);
    }
  }

  MemorySegment handle() {
    return handle;
  }

  private static MemorySegment config(ModelSource source, ModelConfig config, Arena arena) {
    MemorySegment struct = qwq_model_config.allocate(arena);
    qwq_model_config.architecture(struct, Qwq.QWQ_ARCH_QWEN2());
    qwq_model_config.n_layers(struct, config.layers());
    qwq_model_config.hidden_size(struct, config.hiddenSize());
    qwq_model_config.intermediate_size(struct, config.intermediateSize());
    qwq_model_config.n_heads(struct, config.heads());
    qwq_model_config.n_kv_heads(struct, config.kvHeads());
    qwq_model_config.head_dim(struct, config.headDim());
    qwq_model_config.vocab_size(struct, config.vocabSize());
    qwq_model_config.n_token_ids(struct, tokenIds(source, config));
    qwq_model_config.rms_norm_eps(struct, config.rmsNormEps());
    qwq_model_config.rope_theta(struct, config.ropeTheta());
    qwq_model_config.rope_scaling(struct, Qwq.QWQ_ROPE_NONE());
    config.yarn().ifPresent(yarn -> setYarn(struct, yarn));
    return struct;
  }

  private static void setYarn(MemorySegment struct, ModelConfig.Yarn yarn) {
    qwq_model_config.rope_scaling(struct, Qwq.QWQ_ROPE_YARN());
    qwq_model_config.yarn_factor(struct, yarn.factor());
    qwq_model_config.yarn_beta_fast(struct, yarn.betaFast());
    qwq_model_config.yarn_beta_slow(struct, yarn.betaSlow());
    qwq_model_config.yarn_attention_factor(struct, yarn.attentionFactor());
    qwq_model_config.yarn_original_context(struct, yarn.originalContext());
  }

  /** Ids that may be sampled: rows of the embedding matrix beyond the tokenizer's are padding. */
  private static int tokenIds(ModelSource source, ModelConfig config) {
    int known = source.tokenizer().map(Tokenizer::size).orElse(config.vocabSize());
    return Math.min(known, config.vocabSize());
  }

  private static MemorySegment weights(ModelSource source, ModelConfig config, Arena arena) {
    MemorySegment layers = qwq_layer_weights.allocateArray(config.layers(), arena);
    for (int i = 0; i < config.layers(); i++) {
      setLayer(qwq_layer_weights.asSlice(layers, i), source, "blk." + i + ".");
    }
    MemorySegment struct = qwq_weights.allocate(arena);
    set(qwq_weights.token_embd(struct), source, "token_embd.weight");
    set(qwq_weights.output_norm(struct), source, "output_norm.weight");
    if (!config.tiedEmbeddings()) {
      set(qwq_weights.output(struct), source, "output.weight");
    }
    qwq_weights.layers(struct, layers);
    qwq_weights.n_layers(struct, config.layers());
    return struct;
  }

  private static void setLayer(MemorySegment layer, ModelSource source, String prefix) {
    set(qwq_layer_weights.attn_norm(layer), source, prefix + "attn_norm.weight");
    set(qwq_layer_weights.attn_q(layer), source, prefix + "attn_q.weight");
    setIfPresent(qwq_layer_weights.attn_q_bias(layer), source, prefix + "attn_q.bias");
    set(qwq_layer_weights.attn_k(layer), source, prefix + "attn_k.weight");
    setIfPresent(qwq_layer_weights.attn_k_bias(layer), source, prefix + "attn_k.bias");
    set(qwq_layer_weights.attn_v(layer), source, prefix + "attn_v.weight");
    setIfPresent(qwq_layer_weights.attn_v_bias(layer), source, prefix + "attn_v.bias");
    set(qwq_layer_weights.attn_output(layer), source, prefix + "attn_output.weight");
    set(qwq_layer_weights.ffn_norm(layer), source, prefix + "ffn_norm.weight");
    set(qwq_layer_weights.ffn_gate(layer), source, prefix + "ffn_gate.weight");
    set(qwq_layer_weights.ffn_up(layer), source, prefix + "ffn_up.weight");
    set(qwq_layer_weights.ffn_down(layer), source, prefix + "ffn_down.weight");
  }

  private static void set(MemorySegment struct, ModelSource source, String name) {
    TensorInfo tensor =
        source
            .tensor(name)
            .orElseThrow(
                () ->
                    new QwqException(
                        ErrorCode.MALFORMED_FILE,
                        source.path() + ": tensor " + name + ": expected one, found none"));
    set(struct, tensor);
  }

  private static void setIfPresent(MemorySegment struct, ModelSource source, String name) {
    source.tensor(name).ifPresent(tensor -> set(struct, tensor));
  }

  private static void set(MemorySegment struct, TensorInfo tensor) {
    qwq_tensor.data(struct, tensor.data());
    qwq_tensor.bytes(struct, tensor.bytes());
    qwq_tensor.rows(struct, tensor.rows());
    qwq_tensor.cols(struct, tensor.cols());
    qwq_tensor.dtype(struct, tensor.dtype().id());
  }

  /** Frees the descriptors; no engine of the model may exist any more. */
  @Override
  public void close() {
    Qwq.qwq_model_destroy(handle);
  }
}
