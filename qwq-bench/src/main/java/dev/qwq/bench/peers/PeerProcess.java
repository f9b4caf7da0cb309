package dev.qwq.bench.peers;

import com.fasterxml.jackson.databind.JsonNode;
import dev.qwq.bench.Json;
import dev.qwq.bench.ProcessMemory;
import dev.qwq.bench.Tool;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Timer;
import java.util.TimerTask;
import java.util.concurrent.TimeUnit;

/** An engine at work in a process of its own: what it measured, and the memory it took. */
final class PeerProcess {
  /** What a line of a worker begins with that is meant for us. */
  static final String MARK = "qwq-bench:";

  private PeerProcess() {}

  /**
   * Runs a worker to its end.
   *
   * @param command program and arguments
   * @param log where its standard error goes
   * @param limit how long it may take
   * @return name of a figure to its value: seconds, tokens per second, bytes
   * @throws IOException if it does not start, fails, takes too long, or is not understood
   */
  static Map<String, Double> run(List<String> command, Path log, Duration limit)
      throws IOException {
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.to(log.toFile())).start();
    Timer timer = new Timer(true);
    timer.schedule(
        new TimerTask() {
          @Override
          public void run() {
            process.destroyForcibly();
          }
        },
        limit.toMillis());
    // Not closed one by one: the process is ended, whatever it still does.
    BufferedReader out = process.inputReader();
    Writer in = process.outputWriter();
    try {
      Map<String, Double> figures = new LinkedHashMap<>();
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        if (!line.startsWith(MARK)) {
          continue;
        }
        JsonNode event = Json.parse(line.substring(MARK.length()));
        if (event.required("event").textValue().equals("done")) {
          return figures; // how it ends is its own affair
        }
        add(figures, event, ProcessMemory.peakBytes(process.pid()));
        in.write("\n");
        in.flush();
      }
      process.waitFor(1, TimeUnit.MINUTES);
      throw new IOException(failure(command, process, log, limit));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } finally {
      timer.cancel();
      process.destroyForcibly();
    }
  }

  private static void add(Map<String, Double> figures, JsonNode event, long peakBytes) {
    double seconds = event.required("seconds").doubleValue();
    String name = event.required("event").textValue();
    switch (name) {
      case "open" -> figures.put(Figure.OPEN, seconds);
      case "prefill" ->
          figures.put(Figure.prefill(event.required("asked").intValue()), tokens(event) / seconds);
      case "decode" -> figures.put(Figure.DECODE, tokens(event) / seconds);
      case "batch" ->
          figures.put(
              Figure.batch(event.required("sequences").intValue()), tokens(event) / seconds);
      default -> throw new IllegalArgumentException("unknown event " + name);
    }
    figures.put(name.equals("batch") ? Figure.BATCH_MEMORY : Figure.MEMORY, (double) peakBytes);
  }

  private static double tokens(JsonNode event) {
    return event.required("tokens").doubleValue();
  }

  private static String failure(List<String> command, Process process, Path log, Duration limit)
      throws IOException {
    String status =
        process.isAlive()
            ? "does not end"
            : "ended with status " + process.exitValue() + " (limit " + limit.toSeconds() + " s)";
    return command.getFirst() + " " + status + "; " + log + " ends: " + Tool.lastLines(log);
  }
}
