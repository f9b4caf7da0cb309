package dev.qwq.examples.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.qwq.examples.Processes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ctrl-C, sent to a whole process: to the new Java itself, or to the old one that started it. */
class InterruptTest {
  private static final Path SETSID = Path.of("/usr/bin/setsid");

  @TempDir Path folder;

  @Test
  void generateKeepsWhatCame() throws IOException, InterruptedException {
    checkInterrupt(Path.of(System.getProperty("java.home"), "bin", "java").toString());
  }

  @Test
  void generateKeepsWhatCameBehindTheLauncher() throws IOException, InterruptedException {
    var old = Processes.oldJava();
    assumeThat(old).as("a Java older than 25 beside this one").isPresent();
    checkInterrupt(old.get().toString());
  }

  private void checkInterrupt(String java) throws IOException, InterruptedException {
    // In a session without a terminal, as services run in.
    assumeThat(SETSID).as("the tool that starts a session").exists();
    Path talkative = folder.resolve("random.gguf");
    String home = System.getProperty("java.home");
    Processes.Result made = Processes.run(home, java, "synth", "--seed", "5", talkative.toString());
    assertThat(made.status()).as(made.err()).isZero();
    ProcessBuilder builder =
        Processes.builder(
            home,
            java,
            "generate",
            "--raw",
            "--prompt",
            "talk",
            "--temperature", // repeats itself to the context's end
            "0",
            "--model",
            talkative.toString());
    List<String> command = new ArrayList<>(builder.command());
    command.addFirst(SETSID.toString());
    Path err = folder.resolve("err");
    Process process = builder.command(command).redirectError(err.toFile()).start();
    try {
      assertThat(process.getInputStream().read()).as("a first letter").isNotNegative();
      new ProcessBuilder("kill", "-INT", Long.toString(process.pid())).start().waitFor();
      process.getInputStream().readAllBytes();
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    String said = Files.readString(err, StandardCharsets.UTF_8);
    assertThat(process.exitValue()).as(said).isEqualTo(130);
    assertThat(said).contains("cancelled");
  }
}
