package dev.qwq.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qwq.UnsupportedModelException;
import dev.qwq.weights.DType;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The committed checkpoints, and the published ones where they lie beside the repository. */
class GoldenModelsTest {
  @Test
  void readsThePublishedSpelling() {
    try (ModelSource model = ModelSource.open(Checkpoints.golden("qwen2"))) {
      assertThat(model.config())
          .isEqualTo(
              new ModelConfig(
                  "qwen2", 2, 96, 224, 6, 2, 16, 160, 1e-6f, 1e6f, Optional.empty(), 512, false));
      assertThat(model.tokenizer()).isEmpty();
      assertThat(model.chatTemplate()).isEmpty();
      assertThat(model.generationDefaults().eosTokenIds()).isEmpty();
      assertThat(model.tensors()).hasSize(2 * 12 + 3);
      assertThat(model.tensor("blk.1.attn_k.weight"))
          .hasValueSatisfying(
              tensor -> {
                assertThat(tensor.name()).isEqualTo("blk.1.attn_k.weight");
                assertThat(tensor.dtype()).isEqualTo(DType.BF16);
                assertThat(tensor.shape()).isEqualTo(List.of(32L, 96L));
                assertThat(tensor.data().isReadOnly()).isTrue();
              });
      assertThat(model.tensor("model.norm.weight")).isEmpty();
      assertThat(model.weightBytes())
          .isEqualTo(
              2L * (2 * 160 * 96 + 96 + 2 * (2 * 96 + 160 * 96 + 160 + 96 * 96 + 3 * 224 * 96)));
    }
  }

  @Test
  void readsTheSpellingOfTransformers5() {
    try (ModelSource model = ModelSource.open(Checkpoints.golden("qwen2-tied"))) {
      assertThat(model.config().ropeTheta()).isEqualTo(1e6f);
      assertThat(model.config().rmsNormEps()).isEqualTo(1e-5f);
      assertThat(model.config().tiedEmbeddings()).isTrue();
      assertThat(model.tensor("output.weight")).isEmpty();
    }
  }

  @Test
  void readsYarn() {
    try (ModelSource model = ModelSource.open(Checkpoints.golden("qwen2-yarn"))) {
      assertThat(model.config().yarn()).contains(new ModelConfig.Yarn(4, 32, 1, 0, 128));
      assertThat(model.config().contextLength()).isEqualTo(512);
    }
  }

  @Test
  void readsAnOddModel() {
    try (ModelSource model = ModelSource.open(Checkpoints.golden("qwen2-odd"))) {
      assertThat(model.config())
          .isEqualTo(
              new ModelConfig(
                  "qwen2", 3, 96, 160, 4, 1, 24, 131, 1e-6f, 1e4f, Optional.empty(), 512, false));
    }
  }

  @Test
  void opensByTheFileInsideTheFolder() {
    Path file = Checkpoints.golden("qwen2").resolve("model.safetensors");
    try (ModelSource model = ModelSource.open(file)) {
      assertThat(model.path()).isEqualTo(file);
      assertThat(model.config().layers()).isEqualTo(2);
    }
  }

  @Test
  void closesMoreThanOnce() {
    ModelSource model = ModelSource.open(Checkpoints.golden("qwen2"));
    var data = model.tensor("output.weight").orElseThrow().data();
    model.close();
    model.close();
    assertThatThrownBy(() -> data.get(java.lang.foreign.ValueLayout.JAVA_BYTE, 0))
        .isInstanceOf(IllegalStateException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"qwen2", "qwen2-tied", "qwen2-yarn"})
  void opensPublishedCheckpoints(String name) {
    try (ModelSource model = ModelSource.open(Checkpoints.shared("logits/" + name))) {
      assertThat(model.config().layers()).isEqualTo(3);
      assertThat(model.config().headDim()).isEqualTo(32);
      assertThat(model.config().yarn().isPresent()).isEqualTo(name.equals("qwen2-yarn"));
      assertThat(model.config().tiedEmbeddings()).isEqualTo(name.equals("qwen2-tied"));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "llama, llama (LlamaForCausalLM)",
    "llama3-rope, llama (LlamaForCausalLM)",
    "qwen2-moe, qwen2_moe (Qwen2MoeForCausalLM)",
    "qwen3, qwen3 (Qwen3ForCausalLM)",
    "qwen3-moe, qwen3_moe (Qwen3MoeForCausalLM)"
  })
  void namesArchitecturesItDoesNotRun(String name, String found) {
    Path folder = Checkpoints.shared("logits/" + name);
    assertThatThrownBy(() -> ModelSource.open(folder))
        .isInstanceOf(UnsupportedModelException.class)
        .hasMessage(
            folder.resolve("config.json") + ": model_type: supported are qwen2, found " + found);
  }

  @Test
  void opensAModelWithTokenizerAndTemplate() {
    try (ModelSource model = ModelSource.open(Checkpoints.shared("tiny"))) {
      assertThat(model.tokenizer().orElseThrow().size()).isLessThanOrEqualTo(1280);
      assertThat(model.chatTemplate().orElseThrow()).contains("im_start");
      GenerationDefaults defaults = model.generationDefaults();
      assertThat(defaults.eosTokenIds()).containsExactly(1273, 1271);
      assertThat(defaults.doSample()).contains(true);
      assertThat(defaults.temperature()).hasValue(0.6);
      assertThat(defaults.topK()).hasValue(40);
      assertThat(defaults.topP()).hasValue(0.95);
      assertThat(defaults.minP()).isEmpty();
      assertThat(defaults.repetitionPenalty()).hasValue(1.0);
      assertThat(defaults.presencePenalty()).isEmpty();
    }
  }
}
