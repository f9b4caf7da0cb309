package dev.qwq.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.qwq.MalformedFileException;
import dev.qwq.UnsupportedModelException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every number comes from the file; what changes the computation is known or refused. */
class HfConfigTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "num_hidden_layers",
        "hidden_size",
        "intermediate_size",
        "num_attention_heads",
        "num_key_value_heads",
        "vocab_size",
        "rms_norm_eps",
        "rope_theta",
        "max_position_embeddings",
        "model_type"
      })
  void missesEveryNumberThatIsNotThere(String field) {
    malformed(field, "nothing", config -> config.remove(field));
    malformed(field, "nothing", config -> config.putNull(field));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "num_hidden_layers",
        "hidden_size",
        "intermediate_size",
        "num_attention_heads",
        "num_key_value_heads",
        "vocab_size",
        "max_position_embeddings"
      })
  void refusesAbsurdCounts(String field) {
    malformed(field, "0", config -> config.put(field, 0));
    malformed(field, "-1", config -> config.put(field, -1));
    malformed(field, "1.5", config -> config.put(field, 1.5));
    malformed(field, "\"8\"", config -> config.put(field, "8"));
    malformed(field, "9223372036854775807", config -> config.put(field, Long.MAX_VALUE));
    malformed(field, "array", config -> config.putArray(field));
  }

  @Test
  void refusesAbsurdNumbers() {
    malformed("rms_norm_eps", "0", config -> config.put("rms_norm_eps", 0));
    malformed("rms_norm_eps", "-1", config -> config.put("rms_norm_eps", -1));
    malformed("rms_norm_eps", "1.0E-60", config -> config.put("rms_norm_eps", 1e-60));
    malformed("rope_theta", "0", config -> config.put("rope_theta", 0));
    malformed("rope_theta", "1.0E300", config -> config.put("rope_theta", 1e300));
    malformed("num_key_value_heads", "5", config -> config.put("num_key_value_heads", 5));
    malformed("head_dim", "nothing", config -> config.put("hidden_size", 97));
    malformed("head_dim", "15", config -> config.put("head_dim", 15));
    malformed("head_dim", "15", config -> config.put("hidden_size", 90)); // 90 / 6
  }

  @Test
  void takesTheHeadWidthFromTheFileIfItIsThere() {
    assertThat(read(config -> {}).headDim()).isEqualTo(16);
    assertThat(read(config -> config.put("head_dim", 32)).headDim()).isEqualTo(32);
    assertThat(read(config -> config.putNull("head_dim")).headDim()).isEqualTo(16);
  }

  @Test
  void readsBothSpellingsOfTheBase() {
    assertThat(read(config -> config.put("rope_theta", 10_000)).ropeTheta()).isEqualTo(1e4f);
    assertThat(
            read(config -> {
                  config.remove("rope_theta");
                  config.putObject("rope_parameters").put("rope_theta", 5e5);
                })
                .ropeTheta())
        .isEqualTo(5e5f);
    malformed(
        "rope_theta",
        "1000000.0",
        config -> config.putObject("rope_parameters").put("rope_theta", 5e5));
  }

  @Test
  void namesWhatItDoesNotRun() {
    unsupported("hidden_act", "gelu", config -> config.put("hidden_act", "gelu"));
    unsupported("hidden_act", "nothing", config -> config.remove("hidden_act"));
    unsupported("use_sliding_window", "true", config -> config.put("use_sliding_window", true));
    unsupported("use_mrope", "true", config -> config.put("use_mrope", true));
    unsupported("is_causal", "false", config -> config.put("is_causal", false));
    unsupported(
        "layer_types",
        "sliding_attention",
        config -> config.putArray("layer_types").add("sliding_attention"));
    unsupported("model_type", "qwen2_vl", config -> config.put("model_type", "qwen2_vl"));
    unsupported(
        "architectures",
        "Qwen2ForRewardModel",
        config -> config.putArray("architectures").add("Qwen2ForRewardModel"));
    unsupported(
        "quantization_config",
        "awq with 4 bits",
        config ->
            config.putObject("quantization_config").put("quant_method", "awq").put("bits", 4));
    unsupported(
        "quantization_config",
        "fp8",
        config -> config.putObject("quantization_config").put("quant_method", "fp8"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"linear", "dynamic", "longrope", "llama3", "mrope", "su", "ntk"})
  void neverIgnoresAnUnknownRopeScaling(String type) {
    for (String field : new String[] {"type", "rope_type"}) {
      unsupported("rope_scaling.rope_type", type, config -> scaling(config).put(field, type));
      unsupported(
          "rope_parameters.rope_type",
          type,
          config -> config.putObject("rope_parameters").put(field, type));
    }
  }

  @Test
  void readsNoScaling() {
    assertThat(read(config -> config.putNull("rope_scaling")).yarn()).isEmpty();
    assertThat(read(HfConfigTest::scaling).yarn()).isEmpty();
    assertThat(read(config -> scaling(config).put("rope_type", "default")).yarn()).isEmpty();
  }

  @Test
  void readsYarnInBothSpellings() {
    ModelConfig.Yarn plain = new ModelConfig.Yarn(4, 32, 1, 0, 32_768);
    assertThat(read(config -> yarn(scaling(config), "type")).yarn()).contains(plain);
    assertThat(read(config -> yarn(scaling(config), "rope_type")).yarn()).contains(plain);
    assertThat(read(config -> yarn(config.putObject("rope_parameters"), "rope_type")).yarn())
        .contains(plain);
    assertThat(
            read(config -> {
                  yarn(scaling(config), "type");
                  yarn(config.putObject("rope_parameters"), "rope_type");
                })
                .yarn())
        .contains(plain);
    assertThat(
            read(config ->
                    yarn(scaling(config), "type")
                        .put("beta_fast", 16)
                        .put("beta_slow", 2)
                        .put("attention_factor", 1.5)
                        .put("truncate", true))
                .yarn())
        .contains(new ModelConfig.Yarn(4, 16, 2, 1.5f, 32_768));
  }

  @Test
  void refusesHalfOfYarn() {
    malformed("rope_scaling.factor", "nothing", c -> yarn(scaling(c), "type").remove("factor"));
    malformed("rope_scaling.factor", "0.5", c -> yarn(scaling(c), "type").put("factor", 0.5));
    malformed("rope_scaling.factor", "\"4\"", c -> yarn(scaling(c), "type").put("factor", "4"));
    malformed(
        "rope_scaling.original_max_position_embeddings",
        "nothing",
        c -> yarn(scaling(c), "type").remove("original_max_position_embeddings"));
    malformed("rope_scaling.beta_fast", "0.5", c -> yarn(scaling(c), "type").put("beta_fast", 0.5));
    unsupported("rope_scaling.mscale", "mscale", c -> yarn(scaling(c), "type").put("mscale", 1));
    unsupported(
        "rope_scaling.truncate", "false", c -> yarn(scaling(c), "type").put("truncate", false));
    unsupported("rope_scaling.factor", "factor", c -> scaling(c).put("factor", 4));
    malformed(
        "rope_scaling.type", "yarn", c -> yarn(scaling(c), "type").put("rope_type", "default"));
    malformed("rope_scaling", "array", c -> c.putArray("rope_scaling"));
    malformed(
        "rope_scaling",
        "another",
        config -> {
          yarn(scaling(config), "type");
          config.putObject("rope_parameters");
        });
  }

  @Test
  void refusesWhatIsNoConfiguration() throws IOException {
    for (String text : new String[] {"", "{", "[]", "3", "{\"a\":1,\"a\":2}", "{}"}) {
      Path file = Files.writeString(folder.resolve("config.json"), text);
      assertThatThrownBy(() -> HfConfig.read(file))
          .as(text)
          .isInstanceOf(MalformedFileException.class)
          .hasMessageStartingWith(file.toString());
    }
  }

  private static ObjectNode scaling(ObjectNode config) {
    return config.putObject("rope_scaling");
  }

  private static ObjectNode yarn(ObjectNode rope, String field) {
    return rope.put(field, "yarn")
        .put("factor", 4.0)
        .put("original_max_position_embeddings", 32_768);
  }

  private ModelConfig read(Consumer<ObjectNode> change) {
    try {
      JsonNode config = JSON.readTree(Checkpoints.golden("qwen2").resolve("config.json").toFile());
      change.accept((ObjectNode) config);
      Path file = folder.resolve("config.json");
      JSON.writeValue(file.toFile(), config);
      return HfConfig.read(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void malformed(String field, String found, Consumer<ObjectNode> change) {
    assertThatThrownBy(() -> read(change))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("config.json: " + field + ": expected ")
        .hasMessageContaining("found " + found);
  }

  private void unsupported(String field, String found, Consumer<ObjectNode> change) {
    assertThatThrownBy(() -> read(change))
        .isInstanceOf(UnsupportedModelException.class)
        .hasMessageContaining("config.json: " + field + ": supported are ")
        .hasMessageContaining("found " + found);
  }
}
