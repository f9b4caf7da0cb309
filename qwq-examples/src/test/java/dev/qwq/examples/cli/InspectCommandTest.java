package dev.qwq.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InspectCommandTest {
  @TempDir Path folder;

  @Test
  void tellsWhatTheBundledModelIs() throws IOException {
    JsonNode report = Cli.run("inspect", "--json").json();
    assertThat(report.get("architecture").textValue()).isEqualTo("qwen2");
    int attention = 256 * (256 + 128 + 128 + 256) + 256 + 128 + 128;
    int layer = attention + 3 * 256 * 768 + 2 * 256;
    assertThat(report.get("parameters").intValue()).isEqualTo(1280 * 256 + 6 * layer + 256);
    JsonNode hyper = report.get("hyper_parameters");
    assertThat(hyper.get("layers").intValue()).isEqualTo(6);
    assertThat(hyper.get("hidden_size").intValue()).isEqualTo(256);
    assertThat(hyper.get("kv_heads").intValue()).isEqualTo(2);
    assertThat(hyper.get("vocab_size").intValue()).isEqualTo(1280);
    assertThat(hyper.get("tied_embeddings").booleanValue()).isTrue();
    assertThat(hyper.get("yarn").isNull()).isTrue();
    JsonNode memory = report.get("memory");
    assertThat(report.get("tensor_types").get("BF16").get("bytes").longValue())
        .isEqualTo(memory.get("weight_bytes").longValue());
    // 6 layers, keys and values of 2 heads of 64, two bytes each.
    assertThat(memory.get("kv_bytes_per_token").longValue()).isEqualTo(6 * 2 * 2 * 64 * 2);
    assertThat(report.get("tokenizer").get("eos_id").intValue()).isEqualTo(1273);
    assertThat(report.get("chat_template").textValue()).contains("add_generation_prompt");
    assertThat(report.get("generation").get("eos_token_ids")).isNotEmpty();
    assertThat(report.has("tensors")).isFalse();
    assertThat(Cli.run("inspect", "--tensors", "--json").json().get("tensors")).hasSize(74);
  }

  @Test
  void printsForPeopleToo() {
    Cli cli = Cli.run("inspect", "--tensors");
    assertThat(cli.status()).isZero();
    assertThat(cli.out())
        .contains("blk.0.attn_q.weight")
        .contains("hidden size")
        .doesNotContain("{%");
  }

  @Test
  void saysWhatIsWrongWithAFile() throws IOException {
    Path file = folder.resolve("model.gguf");
    Files.writeString(file, "nonsense that is long enough for a header");
    Cli cli = Cli.run("inspect", "--model", file);
    assertThat(cli.status()).isEqualTo(1);
    assertThat(cli.out()).isEmpty();
    assertThat(cli.err()).startsWith("qwq inspect: " + file).contains("expected", "found");
  }
}
