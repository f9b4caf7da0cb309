package dev.qwq.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SynthCommandTest {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"F16", "Q8_0", "Q4_0", "Q4_K_M"})
  void writesAModelThatRuns(String type) throws IOException {
    Path file = folder.resolve("synth.gguf");
    JsonNode result =
        Cli.run("synth", "--shape", "tiny", "--type", type, "--seed", 3, file, "--json").json();
    assertThat(result.get("bytes").longValue()).isEqualTo(Files.size(file));
    assertThat(result.get("type").textValue()).isEqualTo(type);
    JsonNode report = Cli.run("inspect", "--model", file, "--json").json();
    assertThat(report.get("hyper_parameters").get("hidden_size").intValue()).isEqualTo(256);
    assertThat(report.get("tensor_types").has(type.equals("Q4_K_M") ? "Q4_K" : type)).isTrue();
    assertThat(report.get("tokenizer").get("size").intValue())
        .isLessThanOrEqualTo(report.get("hyper_parameters").get("vocab_size").intValue());
    JsonNode reply =
        Cli.run("generate", "--model", file, "--prompt", "hello", "-n", 3, "--json").json();
    assertThat(reply.get("tokens")).isNotEmpty();
  }

  @Test
  void theSameSeedGivesTheSameFile() throws IOException {
    Path first = folder.resolve("a.gguf");
    Path second = folder.resolve("b.gguf");
    assertThat(Cli.run("synth", "--seed", 3, "-t", 1, first).status()).isZero();
    assertThat(Cli.run("synth", "--seed", 3, "-t", 2, second).status()).isZero();
    assertThat(Files.mismatch(first, second)).isEqualTo(-1);
    assertThat(Cli.run("synth", "--seed", 4, second).status()).isZero();
    assertThat(Files.mismatch(first, second)).isPositive();
  }

  @Test
  void saysWhatIsWrong() {
    for (List<Object> words :
        List.of(
            List.<Object>of("synth"),
            List.<Object>of("synth", "--shape", "3b", folder.resolve("a")),
            List.<Object>of("synth", "--type", "Q9_K", folder.resolve("a")),
            List.<Object>of("synth", "-t", 0, folder.resolve("a")))) {
      Cli cli = Cli.run(words.toArray());
      assertThat(cli.status()).as("%s: %s", words, cli.err()).isEqualTo(2);
      assertThat(cli.err().strip().lines()).hasSize(1);
    }
    Cli nowhere = Cli.run("synth", folder.resolve("none/a.gguf"));
    assertThat(nowhere.status()).isEqualTo(1);
    assertThat(nowhere.err().strip().lines()).hasSize(1);
  }
}
