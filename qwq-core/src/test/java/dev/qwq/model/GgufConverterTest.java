package dev.qwq.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qwq.tokenizer.Tokenizer;
import dev.qwq.weights.DType;
import dev.qwq.weights.TensorInfo;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A model is the same from safetensors and from the GGUF file written from them. */
class GgufConverterTest {
  @TempDir Path temporary;

  @ParameterizedTest
  @ValueSource(strings = {"qwen2", "qwen2-tied", "qwen2-yarn", "qwen2-odd"})
  void keepsConfigurationAndWeights(String name) {
    Path gguf = temporary.resolve(name + ".gguf");
    try (ModelSource source = ModelSource.open(Checkpoints.golden(name))) {
      GgufConverter.convert(source, gguf, TensorEncoder.keep(), 2, LoadProgress.NONE);
      try (ModelSource copy = ModelSource.open(gguf)) {
        assertThat(copy.config()).isEqualTo(source.config());
        assertThat(copy.tokenizer()).isEmpty();
        assertSameTensors(source, copy);
      }
    }
  }

  @Test
  void keepsTokenizerTemplateAndDefaults() {
    Path gguf = temporary.resolve("tiny.gguf");
    try (ModelSource source = ModelSource.open(Checkpoints.shared("tiny"))) {
      GgufConverter.convert(source, gguf, TensorEncoder.keep(), 2, LoadProgress.NONE);
      try (ModelSource copy = ModelSource.open(gguf)) {
        assertThat(copy.config()).isEqualTo(source.config());
        assertThat(copy.chatTemplates()).isEqualTo(source.chatTemplates());
        GenerationDefaults defaults = copy.generationDefaults();
        assertThat(defaults.eosTokenIds())
            .containsExactlyElementsOf(source.generationDefaults().eosTokenIds());
        assertThat((float) defaults.temperature().orElseThrow()).isEqualTo(0.6f);
        assertThat((float) defaults.topP().orElseThrow()).isEqualTo(0.95f);
        assertThat(defaults.topK()).hasValue(40);
        assertThat(defaults.repetitionPenalty()).hasValue(1.0);
        assertSameTokenizer(source.tokenizer().orElseThrow(), copy.tokenizer().orElseThrow());
        assertSameTokenizer(source.tokenizer().orElseThrow(), Tokenizer.open(gguf));
        assertThat(ChatTemplates.read(gguf)).isEqualTo(source.chatTemplates());
        assertSameTensors(source, copy);
      }
    }
  }

  @Test
  void keepsTemplatesByNameAndUncommonNumbers() throws IOException {
    Path folder = Checkpoints.copy("qwen2", temporary.resolve("hf"));
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        """
        {"chat_template": [{"name": "tool_use", "template": "tools"},
                           {"name": "default", "template": "plain"}]}
        """);
    Files.writeString(
        folder.resolve("generation_config.json"), "{\"eos_token_id\": [3, 1, 2], \"min_p\": 0.5}");
    String config = Files.readString(folder.resolve("config.json"));
    Files.writeString(
        folder.resolve("config.json"),
        config.replace(
            "\"rope_theta\"",
            """
            "rope_scaling": {"rope_type": "yarn", "factor": 8, "beta_fast": 16, "beta_slow": 2,
              "attention_factor": 1.5, "original_max_position_embeddings": 64}, "rope_theta\"\
            """));
    Path gguf = temporary.resolve("x.gguf");
    try (ModelSource source = ModelSource.open(folder)) {
      GgufConverter.convert(source, gguf, TensorEncoder.keep(), 1, LoadProgress.NONE);
      try (ModelSource copy = ModelSource.open(gguf)) {
        assertThat(copy.chatTemplate()).contains("plain");
        assertThat(copy.chatTemplates()).containsEntry("tool_use", "tools").hasSize(2);
        assertThat(copy.generationDefaults().eosTokenIds()).containsExactly(3, 1, 2);
        assertThat(copy.generationDefaults().minP()).hasValue(0.5);
        ModelConfig.Yarn yarn = copy.config().yarn().orElseThrow();
        assertThat(yarn.factor()).isEqualTo(8);
        assertThat(yarn.betaFast()).isEqualTo(16);
        assertThat(yarn.betaSlow()).isEqualTo(2);
        assertThat(yarn.originalContext()).isEqualTo(64);
        // Divided and multiplied by the method's own factor in float: two roundings.
        assertThat(yarn.attentionFactor()).isBetween(Math.nextDown(1.5f), Math.nextUp(1.5f));
      }
    }
  }

  @Test
  void writesTheSameBytesOnAnyNumberOfThreads() throws IOException {
    try (ModelSource source = ModelSource.open(Checkpoints.golden("qwen2"))) {
      Path one = temporary.resolve("one.gguf");
      Path four = temporary.resolve("four.gguf");
      GgufConverter.convert(source, one, TensorEncoder.keep(), 1, LoadProgress.NONE);
      GgufConverter.convert(source, four, TensorEncoder.keep(), 4, LoadProgress.NONE);
      assertThat(Files.mismatch(one, four)).isEqualTo(-1);
    }
  }

  @Test
  void leavesNothingBehindWhenCancelled() throws IOException {
    try (ModelSource source = ModelSource.open(Checkpoints.golden("qwen2"))) {
      Path target = temporary.resolve("x.gguf");
      assertThatThrownBy(
              () ->
                  GgufConverter.convert(
                      source, target, TensorEncoder.keep(), 2, (done, total) -> done < total / 2))
          .isInstanceOf(CancellationException.class);
      try (Stream<Path> files = Files.list(temporary)) {
        assertThat(files).isEmpty();
      }
    }
  }

  private static void assertSameTokenizer(Tokenizer expected, Tokenizer actual) {
    String text = "<|im_start|>user\nHow many r's are in \"strawberry\"? 你好 é<|im_end|><think>\n";
    assertThat(actual.size()).isEqualTo(expected.size());
    assertThat(actual.encode(text)).isEqualTo(expected.encode(text));
    assertThat(actual.encode(text, false)).isEqualTo(expected.encode(text, false));
    assertThat(actual.eosId()).isEqualTo(expected.eosId());
    assertThat(actual.bosId()).isEqualTo(expected.bosId());
    assertThat(actual.padId()).isEqualTo(expected.padId());
    assertThat(actual.addBos()).isEqualTo(expected.addBos());
    for (int id = 0; id < expected.size(); id++) {
      assertThat(actual.bytes(id)).isEqualTo(expected.bytes(id));
      assertThat(actual.isSpecial(id)).isEqualTo(expected.isSpecial(id));
      assertThat(actual.isAdded(id)).isEqualTo(expected.isAdded(id));
    }
  }

  private static void assertSameTensors(ModelSource expected, ModelSource actual) {
    List<String> names = expected.tensors().stream().map(TensorInfo::name).toList();
    assertThat(actual.tensors()).extracting(TensorInfo::name).containsExactlyElementsOf(names);
    for (TensorInfo tensor : expected.tensors()) {
      TensorInfo copy = actual.tensor(tensor.name()).orElseThrow();
      assertThat(copy.shape()).isEqualTo(tensor.shape());
      if (tensor.shape().size() > 1) {
        assertThat(copy.dtype()).isEqualTo(tensor.dtype());
        assertThat(copy.data().mismatch(tensor.data())).isEqualTo(-1);
        continue;
      }
      assertThat(copy.dtype()).isEqualTo(DType.F32);
      for (long i = 0; i < tensor.elements(); i++) {
        int bits = tensor.data().getAtIndex(ValueLayout.JAVA_SHORT_UNALIGNED, i) << 16;
        assertThat(copy.data().getAtIndex(ValueLayout.JAVA_INT_UNALIGNED, i)).isEqualTo(bits);
      }
    }
  }
}
