package dev.qwq.bench;

import dev.qwq.GenerationOptions;
import dev.qwq.Model;
import dev.qwq.ModelOptions;
import dev.qwq.ReplyStream;
import dev.qwq.Sampler;
import dev.qwq.Session;
import dev.qwq.tokenizer.Tokenizer;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * Measures what Java adds to each token: the time between the end of a native step and the begin of
 * the next, from the flight recorder's events, and the garbage.
 */
@Command(
    name = "overhead",
    description =
        "Measures the time between native steps and the garbage of a token, in sessions on the"
            + " tiny model (or another), whose replies are consumed as events.",
    mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class OverheadCommand implements Callable<Integer> {
  private static final String STEP = "dev.qwq.Step";

  @Spec private CommandSpec spec;

  @Option(
      names = {"-m", "--model"},
      paramLabel = "PATH",
      description = "Model (default: the tiny one that comes with the examples).")
  private @Nullable Path path;

  @Option(
      names = {"-n", "--generate"},
      paramLabel = "N",
      defaultValue = "3000",
      description = "Tokens of each reply (default: ${DEFAULT-VALUE}).")
  private int generate;

  @Option(
      names = {"-s", "--sessions"},
      split = ",",
      paramLabel = "N,N",
      defaultValue = "1,16",
      description = "Sessions side by side (default: ${DEFAULT-VALUE}).")
  private List<Integer> sessions;

  @Option(
      names = {"-t", "--threads"},
      paramLabel = "N",
      defaultValue = "1",
      description = "Threads that compute; leave one processor to consumers (default: 1).")
  private int threads;

  @Override
  public Integer call() throws IOException, InterruptedException {
    Table table =
        new Table(
            List.of(
                "sessions",
                "between steps, µs: median",
                "for each token",
                "mean",
                "99 %",
                "last quarter's median",
                "native step, µs: median",
                "garbage, bytes/token",
                "in the last quarter"));
    try (TinyModel tiny = path == null ? TinyModel.unpack() : null) {
      Path folder = tiny == null ? path : tiny.folder();
      for (int count : sessions) {
        table.add(measure(Objects.requireNonNull(folder), count));
      }
    }
    spec.commandLine().getOut().println(table);
    return 0;
  }

  private List<String> measure(Path folder, int count) throws IOException, InterruptedException {
    long room = count * (generate + 256L);
    ModelOptions options =
        ModelOptions.builder()
            .threads(threads)
            .contextLength(generate + 256)
            .kvCacheTokens(room)
            .build();
    try (Model model = Model.open(folder, options)) {
      run(model, count, Math.min(generate, 1000)); // the compiler's turn
      Path file = Files.createTempFile("qwq-bench", ".jfr");
      try (Recording recording = new Recording()) {
        recording.enable(STEP).withThreshold(Duration.ZERO);
        recording.start();
        List<Long> allocated = run(model, count, generate);
        recording.stop();
        recording.dump(file);
        return row(count, steps(file, count), allocated);
      } finally {
        Files.delete(file);
      }
    }
  }

  /** Runs the sessions to their end; returns the process's allocated bytes after each quarter. */
  private List<Long> run(Model model, int count, int tokens) throws InterruptedException {
    Sampler.Builder sampler = model.sampler().toBuilder().presencePenalty(0.5f).seed(1);
    model
        .tokenizer()
        .map(Tokenizer::eosId)
        .ifPresent(eos -> eos.ifPresent(id -> sampler.logitBias(id, Float.NEGATIVE_INFINITY)));
    GenerationOptions options =
        GenerationOptions.builder().sampler(sampler.build()).maxTokens(tokens).build();
    List<Long> allocated = new ArrayList<>();
    List<Thread> consumers = new ArrayList<>();
    for (int s = 0; s < count; s++) {
      boolean watches = s == 0;
      consumers.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    try (Session session = model.newSession();
                        ReplyStream stream = session.stream("Count the letters.", options)) {
                      int events = 0;
                      while (stream.hasNext()) {
                        stream.next();
                        if (watches && events++ % Math.max(1, tokens / 4) == 0) {
                          allocated.add(allocatedBytes());
                        }
                      }
                    }
                  }));
    }
    for (Thread consumer : consumers) {
      consumer.join();
    }
    allocated.add(allocatedBytes());
    return allocated;
  }

  private static long allocatedBytes() {
    return ((com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean())
        .getTotalThreadAllocatedBytes();
  }

  /** Steps in which every session decodes. */
  private static List<RecordedEvent> steps(Path file, int count) throws IOException {
    List<RecordedEvent> steps =
        RecordingFile.readAllEvents(file).stream()
            .filter(event -> event.getEventType().getName().equals(STEP))
            .sorted((a, b) -> a.getStartTime().compareTo(b.getStartTime()))
            .filter(event -> event.getInt("tokens") == count && event.getInt("sequences") == count)
            .toList();
    if (steps.size() < 8) {
      throw new IOException(
          "all " + count + " sessions decoded together in " + steps.size() + " steps only");
    }
    return steps;
  }

  private List<String> row(int count, List<RecordedEvent> steps, List<Long> allocated) {
    List<Double> gaps = new ArrayList<>();
    for (int i = 1; i < steps.size(); i++) {
      gaps.add(
          micros(Duration.between(steps.get(i - 1).getEndTime(), steps.get(i).getStartTime())));
    }
    List<Double> lastGaps = gaps.subList(gaps.size() * 3 / 4, gaps.size());
    double tokens = (double) count * generate;
    long first = allocated.getFirst();
    long last = allocated.getLast();
    long beforeLast = allocated.get(Math.max(0, allocated.size() - 2));
    return List.of(
        String.valueOf(count),
        format(Spread.of(gaps).median()),
        format(Spread.of(gaps).median() / count),
        format(gaps.stream().mapToDouble(Double::doubleValue).average().orElse(Double.NaN)),
        format(gaps.stream().sorted().skip(gaps.size() * 99L / 100).findFirst().orElse(Double.NaN)),
        format(Spread.of(lastGaps).median()),
        format(Spread.of(steps.stream().map(step -> micros(step.getDuration())).toList()).median()),
        format((last - first) / tokens),
        format((last - beforeLast) / (tokens / 4)));
  }

  private static double micros(Duration duration) {
    return duration.toNanos() / 1e3;
  }

  private static String format(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }
}
