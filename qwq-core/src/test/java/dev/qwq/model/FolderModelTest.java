package dev.qwq.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qwq.ErrorCode;
import dev.qwq.MalformedFileException;
import dev.qwq.QwqException;
import dev.qwq.UnsupportedModelException;
import dev.qwq.weights.TensorInfo;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Hugging Face folders as a whole, and the two ways to load weights. */
class FolderModelTest {
  @TempDir Path temporary;
  private Path folder;

  @BeforeEach
  void copyACheckpoint() {
    folder = Checkpoints.copy("qwen2", temporary.resolve("model"));
  }

  @Test
  void tellsWhatIsNoModel() throws IOException {
    failure(temporary.resolve("absent"), ErrorCode.FILE_UNREADABLE, "no such file or folder");
    Files.delete(folder.resolve("config.json"));
    failure(folder, ErrorCode.FILE_UNREADABLE, "config.json: no such file; a model is a GGUF");
    Path text = Files.writeString(temporary.resolve("notes.txt"), "hello");
    failure(text, ErrorCode.MALFORMED_FILE, "magic: expected \"GGUF\"");
  }

  @Test
  void tellsWeightsThatDoNotFitTheConfiguration() throws IOException {
    edit("config.json", "\"intermediate_size\": 224", "\"intermediate_size\": 225");
    failure(
        folder,
        ErrorCode.MALFORMED_FILE,
        "model.safetensors: model.layers.0.mlp.gate_proj.weight: expected shape [225, 96] as the"
            + " configuration says, found [224, 96]");
    edit("config.json", "\"intermediate_size\": 225", "\"intermediate_size\": 224");
    edit("config.json", "\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3");
    failure(
        folder,
        ErrorCode.MALFORMED_FILE,
        folder
            + ": model.layers.2.input_layernorm.weight: expected a tensor of shape [96], found"
            + " no such tensor");
    edit("config.json", "\"num_hidden_layers\": 3", "\"num_hidden_layers\": 1");
    failure(
        folder, ErrorCode.UNSUPPORTED_MODEL, "a qwen2 model of 1 layers, found model.layers.1.");
  }

  @Test
  void tellsTensorsThatItWouldNotUse() throws IOException {
    edit(
        "model.safetensors",
        "model.layers.0.self_attn.o_proj.weight",
        "model.layers.0.self_attn.o_proj.qeight");
    failure(
        folder,
        ErrorCode.UNSUPPORTED_MODEL,
        "found model.layers.0.self_attn.o_proj.qeight besides");
  }

  @Test
  void anUntiedModelNeedsItsHead() throws IOException {
    Path tied = Checkpoints.copy("qwen2-tied", temporary.resolve("tied"));
    Path config = tied.resolve("config.json");
    Files.writeString(
        config,
        Files.readString(config)
            .replace("\"tie_word_embeddings\": true", "\"tie_word_embeddings\": false"));
    failure(tied, ErrorCode.MALFORMED_FILE, "lm_head.weight: expected a tensor of shape [160, 96]");
  }

  @Test
  void aTiedModelMayBringItsHeadTwice() throws IOException {
    edit("config.json", "\"tie_word_embeddings\": false", "\"tie_word_embeddings\": true");
    try (ModelSource model = ModelSource.open(folder)) {
      assertThat(model.tensor("output.weight")).isEmpty();
    }
  }

  @Test
  void readsGenerationDefaults() throws IOException {
    Files.writeString(
        folder.resolve("generation_config.json"),
        """
        {"do_sample": false, "temperature": null, "top_k": 20, "top_p": 0.8, "min_p": 0.05,
         "repetition_penalty": 1.05, "presence_penalty": 1.5, "frequency_penalty": 0.1,
         "eos_token_id": [9, 3, 9], "max_new_tokens": 2048}
        """);
    try (ModelSource model = ModelSource.open(folder)) {
      GenerationDefaults defaults = model.generationDefaults();
      assertThat(defaults.doSample()).contains(false);
      assertThat(defaults.temperature()).isEmpty();
      assertThat(defaults.topK()).hasValue(20);
      assertThat(defaults.topP()).hasValue(0.8);
      assertThat(defaults.minP()).hasValue(0.05);
      assertThat(defaults.repetitionPenalty()).hasValue(1.05);
      assertThat(defaults.presencePenalty()).hasValue(1.5);
      assertThat(defaults.frequencyPenalty()).hasValue(0.1);
      assertThat(defaults.eosTokenIds()).containsExactly(9, 3);
    }
    for (String bad :
        List.of(
            "\"temperature\": -1",
            "\"top_p\": 1.5",
            "\"top_k\": 1.5",
            "\"repetition_penalty\": 0",
            "\"eos_token_id\": 160",
            "\"eos_token_id\": [\"x\"]",
            "\"do_sample\": 1")) {
      Files.writeString(folder.resolve("generation_config.json"), "{" + bad + "}");
      failure(
          folder,
          ErrorCode.MALFORMED_FILE,
          "generation_config.json: " + bad.substring(1, bad.indexOf(':') - 1) + ": expected");
    }
  }

  @Test
  void takesTheEndFromTheConfigurationIfNothingElseNamesIt() throws IOException {
    edit("config.json", "\"eos_token_id\": null", "\"eos_token_id\": 7");
    try (ModelSource model = ModelSource.open(folder)) {
      assertThat(model.generationDefaults().eosTokenIds()).containsExactly(7);
    }
  }

  @Test
  void readsTemplatesFromWhereverTheyLie() throws IOException {
    assertThat(ChatTemplates.read(folder)).isEmpty();
    Path config = folder.resolve("tokenizer_config.json");
    Files.writeString(config, "{\"chat_template\": \"one\"}");
    assertThat(ChatTemplates.read(folder)).containsExactly(Map.entry("default", "one"));
    Files.writeString(folder.resolve("chat_template.jinja"), "two\n");
    Path more = Files.createDirectory(folder.resolve("additional_chat_templates"));
    Files.writeString(more.resolve("tool_use.jinja"), "three");
    Files.writeString(more.resolve("notes.txt"), "no template");
    assertThat(ChatTemplates.read(folder.resolve("model.safetensors")))
        .containsExactly(Map.entry("default", "two\n"), Map.entry("tool_use", "three"));
    try (ModelSource model = ModelSource.open(folder)) {
      assertThat(model.chatTemplate()).contains("two\n");
      assertThat(model.chatTemplates()).hasSize(2);
    }
  }

  @Test
  void refusesWhatIsNoTemplate() throws IOException {
    Path config = folder.resolve("tokenizer_config.json");
    for (String bad :
        List.of(
            "7",
            "{}",
            "[7]",
            "[{\"name\": \"default\"}]",
            "[{\"name\": \"a\", \"template\": \"\"}, {\"name\": \"a\", \"template\": \"\"}]")) {
      Files.writeString(config, "{\"chat_template\": " + bad + "}");
      assertThatThrownBy(() -> ChatTemplates.read(folder))
          .as(bad)
          .isInstanceOf(MalformedFileException.class)
          .hasMessageContaining("chat_template: expected");
    }
    Files.delete(config);
    Files.write(folder.resolve("chat_template.jinja"), new byte[] {(byte) 0xFF});
    assertThatThrownBy(() -> ChatTemplates.read(folder))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("UTF-8");
  }

  @Test
  void refusesATokenizerLargerThanTheModel() {
    Path tiny = Checkpoints.shared("tiny");
    try {
      Files.copy(tiny.resolve("tokenizer.json"), folder.resolve("tokenizer.json"));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    failure(folder, ErrorCode.MALFORMED_FILE, "tokenizer: expected at most 160 ids");
  }

  @Test
  void readsWeightsIntoMemory() throws IOException {
    List<Long> seen = new ArrayList<>();
    try (ModelSource mapped = ModelSource.open(folder);
        ModelSource copied =
            ModelSource.open(
                folder,
                LoadMode.MEMORY,
                (done, total) -> {
                  assertThat(total).isEqualTo(mapped.weightBytes());
                  return seen.add(done);
                })) {
      assertThat(copied.config()).isEqualTo(mapped.config());
      assertThat(copied.tensors()).hasSameSizeAs(mapped.tensors());
      for (TensorInfo tensor : mapped.tensors()) {
        TensorInfo copy = copied.tensor(tensor.name()).orElseThrow();
        assertThat(copy.data().mismatch(tensor.data())).isEqualTo(-1);
        assertThat(copy.data().address()).isNotEqualTo(tensor.data().address());
        assertThat(copy.data().address() % 64).isZero();
        assertThat(copy.data().isReadOnly()).isTrue();
      }
      assertThat(seen).isSorted().endsWith(mapped.weightBytes());
      Files.write(folder.resolve("model.safetensors"), new byte[0]);
      copied.verifyUnchanged();
      assertThat(copied.tensor("output.weight").orElseThrow().data().toArray(ValueLayout.JAVA_BYTE))
          .isNotEmpty();
    }
  }

  @Test
  void stopsLoadingWhenToldTo() {
    List<Long> seen = new ArrayList<>();
    assertThatThrownBy(
            () ->
                ModelSource.open(
                    folder,
                    LoadMode.MEMORY,
                    (done, total) -> {
                      seen.add(done);
                      return seen.size() < 3;
                    }))
        .isInstanceOf(CancellationException.class);
    assertThat(seen).hasSize(3);
  }

  @Test
  void keepsAMappedModelThatIsReplaced() throws IOException {
    try (ModelSource model = ModelSource.open(folder)) {
      Files.delete(folder.resolve("model.safetensors"));
      model.verifyUnchanged();
      assertThat(model.tensors()).isNotEmpty();
    }
  }

  private void edit(String file, String from, String to) throws IOException {
    Path path = folder.resolve(file);
    String text = Files.readString(path, StandardCharsets.ISO_8859_1);
    assertThat(text).contains(from);
    Files.writeString(path, text.replace(from, to), StandardCharsets.ISO_8859_1);
  }

  private static void failure(Path path, ErrorCode code, String message) {
    assertThatThrownBy(() -> ModelSource.open(path).close())
        .isInstanceOfSatisfying(QwqException.class, e -> assertThat(e.code()).isEqualTo(code))
        .satisfies(
            e -> {
              if (code == ErrorCode.UNSUPPORTED_MODEL) {
                assertThat(e).isInstanceOf(UnsupportedModelException.class);
              }
            })
        .hasMessageContaining(message);
  }
}
