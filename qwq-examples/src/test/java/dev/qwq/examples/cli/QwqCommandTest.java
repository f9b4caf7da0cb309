package dev.qwq.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What holds for every command: exit statuses, and where text goes. */
class QwqCommandTest {
  @TempDir Path folder;

  @Test
  void wrongUseIsTwoWithOneSentence() {
    for (List<String> words :
        List.of(
            List.<String>of(),
            List.of("nonsense"),
            List.of("tokenize"),
            List.of("tokenize", "--nonsense"),
            List.of("tokenize", "--text", "a", "--file", "b"),
            List.of("tokenize", "--text"))) {
      Cli cli = Cli.run(words.toArray());
      assertThat(cli.status()).as("%s", words).isEqualTo(2);
      assertThat(cli.out()).isEmpty();
      assertThat(cli.err().strip().lines()).hasSize(1);
    }
  }

  @Test
  void failuresAreOneWithOneSentence() {
    Path missing = folder.resolve("missing.gguf");
    Cli cli = Cli.run("tokenize", "--json", "--model", missing, "--text", "a");
    assertThat(cli.status()).isEqualTo(1);
    assertThat(cli.out()).isEmpty();
    assertThat(cli.err().strip().lines()).hasSize(1);
    assertThat(cli.err()).contains(missing.toString());
    assertThat(Cli.run("tokenize", "--verbose", "--model", missing, "--text", "a").err())
        .contains("\tat dev.qwq");
  }

  /** Descriptions are format strings; of one that is none picocli complains on standard error. */
  @Test
  void helpSaysNothingOnStandardError() {
    PrintStream before = System.err;
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    System.setErr(new PrintStream(said, true, StandardCharsets.UTF_8));
    try {
      for (String command :
          List.of("chat", "generate", "perplexity", "bench", "quantize", "doctor", "plan")) {
        Cli.run(command, "--help");
      }
    } finally {
      System.setErr(before);
    }
    assertThat(said.toString(StandardCharsets.UTF_8)).isEmpty();
  }

  @Test
  void everyCommandHelps() {
    Cli help = Cli.run("--help");
    assertThat(help.status()).isZero();
    for (String command :
        List.of(
            "chat",
            "generate",
            "tokenize",
            "render",
            "inspect",
            "perplexity",
            "bench",
            "synth",
            "doctor")) {
      assertThat(help.out()).contains("  " + command + " ");
      Cli own = Cli.run(command, "--help");
      assertThat(own.status()).isZero();
      assertThat(own.out()).contains("qwq " + command);
    }
  }
}
