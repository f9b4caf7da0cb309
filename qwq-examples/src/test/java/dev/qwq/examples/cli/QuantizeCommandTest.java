package dev.qwq.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QuantizeCommandTest {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"F16", "Q8_0", "Q4_K_M", "Q4_0", "q5_0"})
  void writesAModelThatAnswers(String type) throws IOException {
    Path file = folder.resolve("tiny.gguf");
    JsonNode result =
        Cli.run("quantize", TestModels.bundled(), file, "--type", type, "--json").json();
    assertThat(Cli.names(result))
        .containsExactly(
            "path",
            "source",
            "type",
            "bytes",
            "weight_bytes",
            "source_weight_bytes",
            "bits_per_weight",
            "substitutes",
            "seconds",
            "tensors");
    assertThat(result.get("bytes").longValue()).isEqualTo(Files.size(file));
    assertThat(result.get("type").textValue()).isEqualToIgnoringCase(type);
    JsonNode first = result.get("tensors").get(0);
    assertThat(Cli.names(first))
        .containsExactly(
            "name",
            "shape",
            "from",
            "to",
            "source_bytes",
            "bytes",
            "rms_relative_error",
            "max_error");
    assertThat(first.get("from").textValue()).isEqualTo("BF16");
    JsonNode reply =
        Cli.run("generate", "--model", file, "--prompt", "hello", "-n", 3, "--json").json();
    assertThat(reply.get("tokens")).isNotEmpty();
  }

  @Test
  void reportsEachTensor() {
    Path file = folder.resolve("tiny.gguf");
    Cli cli = Cli.run("quantize", TestModels.bundled(), file, "--type", "Q4_K_M", "--report");
    assertThat(cli.status()).as(cli.err()).isZero();
    List<String> lines = cli.out().lines().toList();
    assertThat(lines.getFirst()).startsWith("tensor").endsWith("max error");
    assertThat(lines)
        .anySatisfy(
            line ->
                assertThat(line)
                    .matches("blk\\.0\\.ffn_down\\.weight +256 x 768 +BF16 +Q[46]_K .* % .*"))
        .anySatisfy(line -> assertThat(line).matches("output_norm\\.weight .* F32 .* 0 +0\\.00"))
        .anySatisfy(line -> assertThat(line).contains("largest error: "));
    assertThat(cli.out()).contains(file + ": ");
  }

  @Test
  void saysWhatIsWrong() throws IOException {
    Path there = Files.writeString(folder.resolve("there.gguf"), "x");
    Cli cli = Cli.run("quantize", TestModels.bundled(), folder.resolve("a"), "--type", "Q9_X");
    assertThat(cli.status()).isEqualTo(2);
    assertThat(cli.err()).contains("--type").contains("Q4_K_M, ").contains("found 'Q9_X'");
    cli = Cli.run("quantize", TestModels.bundled(), folder.resolve("a"), "--type", "IQ2_XXS");
    assertThat(cli.err()).contains("importance matrix");
    cli = Cli.run("quantize", TestModels.bundled(), folder.resolve("a"), "-t", 0);
    assertThat(cli.status()).isEqualTo(2);
    cli = Cli.run("quantize", TestModels.bundled(), there);
    assertThat(cli.status()).isEqualTo(1);
    assertThat(cli.err().strip()).endsWith("is there already; --force replaces it");
    assertThat(there).hasContent("x");
    cli = Cli.run("quantize", folder.resolve("absent"), folder.resolve("a"));
    assertThat(cli.status()).isEqualTo(1);
    assertThat(cli.err().strip().lines()).hasSize(1);
    cli = Cli.run("quantize", TestModels.bundled(), there, "--force", "--type", "Q8_0");
    assertThat(cli.status()).as(cli.err()).isZero();
    cli = Cli.run("quantize", there, folder.resolve("b.gguf"));
    assertThat(cli.status()).isEqualTo(1);
    assertThat(cli.err()).contains("--allow-requantize");
    cli = Cli.run("quantize", there, folder.resolve("b.gguf"), "--allow-requantize");
    assertThat(cli.status()).as(cli.err()).isZero();
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder("there.gguf", "b.gguf");
    }
  }
}
