package dev.qwq.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qwq.MalformedFileException;
import dev.qwq.UnsupportedModelException;
import dev.qwq.tokenizer.Tokenizer;
import dev.qwq.weights.DType;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Models in GGUF files: what is read, and how each contradiction is told. */
class GgufModelTest {
  @TempDir Path folder;

  @Test
  void readsAModel() {
    try (ModelSource model = open(gguf -> {})) {
      assertThat(model.config())
          .isEqualTo(
              new ModelConfig(
                  "qwen2", 1, 32, 64, 2, 1, 16, 8, 1e-6f, 1e6f, Optional.empty(), 64, false));
      assertThat(model.tensors()).hasSize(15);
      assertThat(model.tokenizer()).isEmpty();
      assertThat(model.generationDefaults().eosTokenIds()).isEmpty();
    }
  }

  @Test
  void usesTheFormatsOwnDefaults() {
    try (ModelSource model =
        open(
            gguf -> {
              gguf.metadata.remove("qwen2.rope.freq_base");
              gguf.metadata.remove("qwen2.attention.head_count_kv");
              gguf.tensors.remove("output.weight");
              gguf.tensor("blk.0.attn_k.weight", DType.F32, 32, 32);
              gguf.tensor("blk.0.attn_k.bias", DType.F32, 32);
              gguf.tensor("blk.0.attn_v.weight", DType.F32, 32, 32);
              gguf.tensor("blk.0.attn_v.bias", DType.F32, 32);
            })) {
      assertThat(model.config().ropeTheta()).isEqualTo(1e4f);
      assertThat(model.config().kvHeads()).isEqualTo(2);
      assertThat(model.config().tiedEmbeddings()).isTrue();
    }
  }

  @Test
  void readsAnOwnHeadWidth() {
    try (ModelSource model =
        open(
            gguf -> {
              gguf.put("qwen2.attention.key_length", 8).put("qwen2.attention.value_length", 8);
              gguf.put("qwen2.rope.dimension_count", 8);
              gguf.tensor("blk.0.attn_q.weight", DType.F32, 16, 32);
              gguf.tensor("blk.0.attn_q.bias", DType.F32, 16);
              gguf.tensor("blk.0.attn_k.weight", DType.F32, 8, 32);
              gguf.tensor("blk.0.attn_k.bias", DType.F32, 8);
              gguf.tensor("blk.0.attn_v.weight", DType.F32, 8, 32);
              gguf.tensor("blk.0.attn_v.bias", DType.F32, 8);
              gguf.tensor("blk.0.attn_output.weight", DType.F32, 32, 16);
            })) {
      assertThat(model.config().headDim()).isEqualTo(8);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "general.architecture",
        "qwen2.block_count",
        "qwen2.context_length",
        "qwen2.embedding_length",
        "qwen2.feed_forward_length",
        "qwen2.attention.head_count",
        "qwen2.attention.layer_norm_rms_epsilon"
      })
  void missesEveryNumberThatIsNotThere(String key) {
    malformed(key, "nothing", gguf -> gguf.metadata.remove(key));
    malformed(key, "true", gguf -> gguf.put(key, true));
  }

  @Test
  void refusesAbsurdNumbers() {
    malformed("qwen2.block_count", "0", gguf -> gguf.put("qwen2.block_count", 0));
    malformed("qwen2.block_count", "4294967295", gguf -> gguf.put("qwen2.block_count", -1));
    malformed("qwen2.embedding_length", "1.0", gguf -> gguf.put("qwen2.embedding_length", 1f));
    malformed(
        "qwen2.attention.head_count",
        "an array of 2",
        gguf -> gguf.put("qwen2.attention.head_count", new int[] {1, 2}));
    malformed(
        "qwen2.attention.head_count_kv", "3", gguf -> gguf.put("qwen2.attention.head_count_kv", 3));
    malformed(
        "qwen2.attention.layer_norm_rms_epsilon",
        "NaN",
        gguf -> gguf.put("qwen2.attention.layer_norm_rms_epsilon", Float.NaN));
    malformed(
        "qwen2.rope.freq_base",
        "Infinity",
        gguf -> gguf.put("qwen2.rope.freq_base", Float.POSITIVE_INFINITY));
    malformed("qwen2.vocab_size", "9", gguf -> gguf.put("qwen2.vocab_size", 9));
    malformed("qwen2.attention.key_length", "7", gguf -> gguf.put("qwen2.attention.key_length", 7));
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "qwen2moe", "qwen3", "qwen2vl", "clip", ""})
  void namesArchitecturesItDoesNotRun(String name) {
    unsupported(
        "general.architecture",
        "qwen2, found " + name,
        gguf -> gguf.put("general.architecture", name));
  }

  @Test
  void namesWhatItDoesNotRun() {
    unsupported("general.type", "adapter", gguf -> gguf.put("general.type", "adapter"));
    unsupported("qwen2.expert_count", "8", gguf -> gguf.put("qwen2.expert_count", 8));
    unsupported(
        "qwen2.attention.causal", "false", gguf -> gguf.put("qwen2.attention.causal", false));
    unsupported(
        "qwen2.attention.value_length", "8", gguf -> gguf.put("qwen2.attention.value_length", 8));
    unsupported(
        "qwen2.rope.dimension_count", "8", gguf -> gguf.put("qwen2.rope.dimension_count", 8));
  }

  @Test
  void neverIgnoresAnUnknownRopeScaling() {
    for (String type : List.of("longrope", "su", "dynamic")) {
      unsupported(
          "qwen2.rope.scaling.type", type, gguf -> gguf.put("qwen2.rope.scaling.type", type));
    }
    unsupported(
        "qwen2.rope.scaling.factor",
        "4.0",
        gguf -> gguf.put("qwen2.rope.scaling.type", "linear").put("qwen2.rope.scaling.factor", 4f));
    unsupported("qwen2.rope.scale_linear", "2.0", gguf -> gguf.put("qwen2.rope.scale_linear", 2f));
    unsupported("qwen2.rope.magic", "1", gguf -> gguf.put("qwen2.rope.magic", 1));
    unsupported(
        "qwen2.rope.scaling.yarn_log_multiplier",
        "0.1",
        gguf -> yarn(gguf).put("qwen2.rope.scaling.yarn_log_multiplier", 0.1f));
    try (ModelSource model =
        open(
            gguf ->
                gguf.put("qwen2.rope.scaling.type", "linear")
                    .put("qwen2.rope.scaling.factor", 1f))) {
      assertThat(model.config().yarn()).isEmpty();
    }
  }

  @Test
  void readsYarn() {
    try (ModelSource model = open(GgufModelTest::yarn)) {
      assertThat(model.config().yarn()).contains(new ModelConfig.Yarn(4, 32, 1, 0, 32));
    }
    // The file's factor multiplies the method's: 2 (0.1 ln 4 + 1).
    try (ModelSource model =
        open(
            gguf ->
                yarn(gguf)
                    .put("qwen2.rope.scaling.attn_factor", 2f)
                    .put("qwen2.rope.scaling.finetuned", true)
                    .put("qwen2.rope.scaling.yarn_beta_fast", 16f)
                    .put("qwen2.rope.scaling.yarn_beta_slow", 2f))) {
      assertThat(model.config().yarn()).contains(new ModelConfig.Yarn(4, 16, 2, 2.2772589f, 32));
    }
  }

  @Test
  void refusesHalfOfYarn() {
    for (String key : List.of("factor", "original_context_length")) {
      malformed(
          "qwen2.rope.scaling." + key,
          "nothing",
          gguf -> yarn(gguf).metadata.remove("qwen2.rope.scaling." + key));
    }
    malformed(
        "qwen2.rope.scaling.factor",
        "0.5",
        gguf -> yarn(gguf).put("qwen2.rope.scaling.factor", 0.5f));
  }

  @Test
  void missesTensors() {
    for (String name : new MiniGguf().tensors.keySet()) {
      if (!name.equals("output.weight")) { // absent: tied
        malformed(name, "no such tensor", gguf -> gguf.tensors.remove(name));
      }
    }
    malformed("blk.1.attn_norm.weight", "no such tensor", g -> g.put("qwen2.block_count", 2));
  }

  @Test
  void refusesTensorsOfOtherShapes() {
    malformed(
        "blk.0.attn_q.weight",
        "[32, 64]",
        gguf -> gguf.tensor("blk.0.attn_q.weight", DType.F32, 32, 64));
    malformed(
        "blk.0.ffn_norm.weight",
        "[1, 32]",
        g -> g.tensor("blk.0.ffn_norm.weight", DType.F32, 1, 32));
    malformed("output.weight", "[9, 32]", gguf -> gguf.tensor("output.weight", DType.F32, 9, 32));
    malformed(
        "token_embd.weight", "[8, 64]", gguf -> gguf.tensor("token_embd.weight", DType.F32, 8, 64));
  }

  @Test
  void refusesTensorsThatItWouldNotUse() {
    unsupported(
        "tensors",
        "blk.0.attn_q_norm.weight besides",
        gguf -> gguf.tensor("blk.0.attn_q_norm.weight", DType.F32, 16));
    unsupported("tensors", "rope_freqs.weight", g -> g.tensor("rope_freqs.weight", DType.F32, 8));
    unsupported("tensors", "blk.1.", gguf -> gguf.tensor("blk.1.attn_q.bias", DType.F32, 32));
  }

  @Test
  void namesTensorTypesItDoesNotRun() {
    unsupported(
        "blk.0.attn_q.weight type",
        "MXFP4",
        gguf -> gguf.tensor("blk.0.attn_q.weight", DType.MXFP4, 32, 32));
    unsupported(
        "blk.0.attn_q.bias type",
        "[F32, F16, BF16], found Q8_0",
        gguf -> gguf.tensor("blk.0.attn_q.bias", DType.Q8_0, 32));
  }

  @Test
  void readsTokenizersAndTheirEnds() {
    try (ModelSource model =
        open(gguf -> gguf.withTokenizer().put("tokenizer.ggml.eot_token_id", 5))) {
      assertThat(model.tokenizer().orElseThrow().encode("ab")).containsExactly(256);
      assertThat(model.generationDefaults().eosTokenIds()).containsExactly(257, 5, 258);
    }
    Path file = new MiniGguf().withTokenizer().writeTo(folder.resolve("model.gguf"));
    assertThat(Tokenizer.open(file).encode("ab<|im_end|>")).containsExactly(256, 257);
  }

  @Test
  void refusesUnknownTokenizers() {
    unsupported(
        "tokenizer.ggml.model",
        "llama",
        gguf -> gguf.withTokenizer().put("tokenizer.ggml.model", "llama"));
    unsupported(
        "tokenizer.ggml.pre",
        "llama-bpe",
        gguf -> gguf.withTokenizer().put("tokenizer.ggml.pre", "llama-bpe"));
    malformed(
        "tokenizer.ggml.token_type",
        "1",
        gguf -> gguf.withTokenizer().put("tokenizer.ggml.token_type", new int[] {1}));
    malformed(
        "tokenizer",
        "259",
        gguf ->
            gguf.withTokenizer()
                .tensor("token_embd.weight", DType.F32, 258, 32)
                .tensor("output.weight", DType.F32, 258, 32));
    malformed(
        "eos id", "259", gguf -> gguf.withTokenizer().put("tokenizer.ggml.eos_token_id", 259));
    malformed(
        "tokenizer.ggml.eot_token_id",
        "259",
        gguf -> gguf.withTokenizer().put("tokenizer.ggml.eot_token_id", 259));
  }

  @Test
  void readsTemplatesAndSamplingDefaults() {
    try (ModelSource model =
        open(
            gguf ->
                gguf.put("tokenizer.chat_template.tool_use", "tools")
                    .put("tokenizer.chat_template", "plain")
                    .put("tokenizer.chat_templates", List.of("tool_use"))
                    .put("general.sampling.temp", 0.5f)
                    .put("general.sampling.top_k", 40))) {
      assertThat(model.chatTemplate()).contains("plain");
      assertThat(model.chatTemplates().keySet()).containsExactly("default", "tool_use");
      assertThat(model.generationDefaults().temperature()).hasValue(0.5);
      assertThat(model.generationDefaults().topK()).hasValue(40);
      assertThat(model.generationDefaults().topP()).isEmpty();
    }
    malformed("general.sampling.temp", "-1.0", gguf -> gguf.put("general.sampling.temp", -1f));
  }

  private static MiniGguf yarn(MiniGguf gguf) {
    return gguf.put("qwen2.rope.scaling.type", "yarn")
        .put("qwen2.rope.scaling.factor", 4f)
        .put("qwen2.rope.scaling.original_context_length", 32);
  }

  private ModelSource open(Consumer<MiniGguf> change) {
    MiniGguf gguf = new MiniGguf();
    change.accept(gguf);
    return ModelSource.open(gguf.writeTo(folder.resolve("model.gguf")));
  }

  private void malformed(String field, String found, Consumer<MiniGguf> change) {
    assertThatThrownBy(() -> open(change).close())
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("model.gguf: " + field + ": expected ")
        .hasMessageContaining("found " + found);
  }

  private void unsupported(String field, String found, Consumer<MiniGguf> change) {
    assertThatThrownBy(() -> open(change).close())
        .isInstanceOf(UnsupportedModelException.class)
        .hasMessageContaining("model.gguf: " + field + ": supported are ")
        .hasMessageContaining(found);
  }
}
