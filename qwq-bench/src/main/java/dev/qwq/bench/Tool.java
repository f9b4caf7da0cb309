package dev.qwq.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Programs of others that are run to their end. */
public final class Tool {
  private static final int LOG_LINES = 5;

  private Tool() {}

  /**
   * Runs a program.
   *
   * @param folder its working directory
   * @param command program and arguments
   * @return what it wrote to standard output
   * @throws IOException if it is not there or fails, with what it said
   */
  public static String run(Path folder, List<String> command) throws IOException {
    Path log = folder.resolve(Path.of(command.getFirst()).getFileName() + ".log");
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectError(ProcessBuilder.Redirect.to(log.toFile()))
            .start();
    try {
      process.getOutputStream().close();
      String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      int status = process.waitFor();
      if (status != 0) {
        throw new IOException(
            "%s ended with status %d; its messages, in %s, end: %s"
                .formatted(command.getFirst(), status, log, lastLines(log)));
      }
      return out;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } finally {
      process.destroyForcibly();
    }
  }

  /**
   * Returns how a log ends.
   *
   * @param log the file
   * @return its last lines, as one; of a stack trace only what was thrown
   * @throws IOException if it cannot be read
   */
  public static String lastLines(Path log) throws IOException {
    List<String> lines =
        Files.readAllLines(log).stream().filter(line -> !line.startsWith("\tat ")).toList();
    return String.join(" | ", lines.subList(Math.max(0, lines.size() - LOG_LINES), lines.size()));
  }
}
