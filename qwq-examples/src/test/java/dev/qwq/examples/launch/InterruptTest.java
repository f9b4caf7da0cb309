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
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Ctrl-C, sent to a whole process: to the new Java itself, or to the old one that started it. */
class InterruptTest {
  private static final Path SETSID = Path.of("/usr/bin/setsid");

  private static final long SIGINT_BIT = 1L << (2 - 1);

  @TempDir Path folder;

  /** Shells start background jobs with SIGINT ignored, and so do all processes these start. */
  @BeforeAll
  static void interruptsMustReachProcesses() throws IOException {
    Path status = Path.of("/proc/self/status");
    assumeThat(status).as("what tells ignored signals").exists();
    long ignored =
        Files.readAllLines(status).stream()
            .filter(line -> line.startsWith("SigIgn:"))
            .mapToLong(line -> Long.parseUnsignedLong(line.substring(7).strip(), 16))
            .findFirst()
            .orElse(0);
    assumeThat(ignored & SIGINT_BIT).as("SIGINT is ignored, as in a background job").isZero();
  }

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

  @ParameterizedTest
  @CsvSource({"INT, 130", "TERM, 143"})
  void nothingIsLeftOfAnUnfinishedFile(String signal, int status)
      throws IOException, InterruptedException {
    assumeThat(SETSID).as("the tool that starts a session").exists();
    assumeThat(Files.getFileStore(folder).getUsableSpace())
        .as("room for the file, which is never filled")
        .isGreaterThan(4_000_000_000L);
    Path models = Files.createDirectory(folder.resolve("models"));
    String home = System.getProperty("java.home");
    List<String> command = new ArrayList<>(List.of(SETSID.toString()));
    command.addAll(
        Processes.builder(
                home,
                Path.of(home, "bin", "java").toString(),
                "synth",
                "--shape",
                "1.5b",
                "--type",
                "Q8_0",
                models.resolve("large.gguf").toString())
            .command());
    Path err = folder.resolve("err");
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(err.toFile()).start();
    try {
      long patience = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
      while (names(models).isEmpty() && process.isAlive()) {
        assertThat(System.nanoTime()).as("a file that is begun").isLessThan(patience);
        Thread.sleep(10);
      }
      assertThat(names(models)).singleElement().asString().endsWith(".part");
      new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start().waitFor();
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    assertThat(process.exitValue())
        .as(Files.readString(err, StandardCharsets.UTF_8))
        .isEqualTo(status);
    assertThat(names(models)).isEmpty();
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
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
