package dev.qwq.examples;

import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Runs the whole program in a process of its own, in a locale that knows ASCII only. */
public final class Processes {
  private Processes() {}

  /** What a process printed and how it ended. */
  public record Result(int status, String out, String err) {}

  /** Starts the program through its launcher. */
  public static ProcessBuilder builder(String javaHome, String java, String... args) {
    List<String> command = new ArrayList<>();
    command.add(java);
    if (Path.of(java).startsWith(javaHome)) {
      command.add("--enable-native-access=ALL-UNNAMED");
    }
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add("dev.qwq.examples.launch.Main");
    boolean ascii = List.of(args).stream().allMatch(word -> word.chars().allMatch(c -> c < 128));
    assumeThat(ascii || "UTF-8".equals(System.getProperty("sun.jnu.encoding")))
        .as("this JVM can pass letters that are not ASCII")
        .isTrue();
    command.addAll(List.of(args));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("JAVA_HOME", javaHome);
    builder.environment().put("LC_ALL", "C");
    return builder;
  }

  /** Runs the program to its end. */
  public static Result run(String javaHome, String java, String... args)
      throws IOException, InterruptedException {
    Path out = Files.createTempFile("qwq-out", ".txt");
    Path err = Files.createTempFile("qwq-err", ".txt");
    try {
      Process process =
          builder(javaHome, java, args)
              .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
              .redirectOutput(out.toFile())
              .redirectError(err.toFile())
              .start();
      if (!process.waitFor(120, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new AssertionError("still running after two minutes: " + List.of(args));
      }
      return new Result(process.exitValue(), read(out), read(err));
    } finally {
      Files.delete(out);
      Files.delete(err);
    }
  }

  /** Finds an executable of a Java older than 25 beside this one. */
  public static Optional<Path> oldJava() throws IOException {
    Path beside = Path.of(System.getProperty("java.home")).getParent();
    try (Stream<Path> folders = Files.list(beside)) {
      return folders
          .filter(folder -> isOld(folder.resolve("release")))
          .map(folder -> folder.resolve("bin/java"))
          .filter(Files::isExecutable)
          .findFirst();
    }
  }

  private static boolean isOld(Path release) {
    try {
      return Files.isRegularFile(release)
          && Pattern.compile("JAVA_VERSION=\"(1\\.8|9|1\\d|2[0-4])\\b")
              .matcher(Files.readString(release))
              .find();
    } catch (IOException e) {
      return false;
    }
  }

  private static String read(Path file) throws IOException {
    return Files.readString(file, StandardCharsets.UTF_8);
  }
}
