package dev.qwq.bench.soak;

import dev.qwq.ModelMetrics;
import dev.qwq.bench.TinyModel;
import dev.qwq.bench.soak.Tally.Event;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.function.ToLongFunction;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Runs conversations for a long time, and watches the memory. */
@Command(
    name = "soak",
    description =
        "Holds conversations on virtual threads over the tiny model, cancels, forks and closes at"
            + " random, compares every reply with the one computed alone, and watches the memory."
            + " Fails if a reply differs, a KV block or a thread is left, or the memory grows.",
    mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // picocli sets the fields
public final class SoakCommand implements Callable<Integer> {
  /**
   * What memory may grow by in the second half, MiB a minute. At 50 replies a second this is 350
   * bytes a reply, less than the smallest thing that could be forgotten: the sampler's state.
   */
  private static final double BOUND = 1;

  private static final double MIB = 1024 * 1024;

  @Spec private CommandSpec spec;

  @Option(
      names = {"-m", "--minutes"},
      paramLabel = "N",
      defaultValue = "10",
      description = "How long (default: ${DEFAULT-VALUE}).")
  private double minutes;

  @Option(
      names = {"-c", "--conversations"},
      paramLabel = "N",
      defaultValue = "1000",
      description = "Virtual threads in a round (default: ${DEFAULT-VALUE}).")
  private int conversations;

  @Option(
      names = {"-e", "--every"},
      paramLabel = "SECONDS",
      defaultValue = "30",
      description = "Time between two looks at the memory (default: ${DEFAULT-VALUE}).")
  private int every;

  @Option(
      names = {"-s", "--seed"},
      paramLabel = "N",
      defaultValue = "20261126",
      description = "Seed of all that is random (default: ${DEFAULT-VALUE}).")
  private long seed;

  /** Creates the command; picocli fills it in. */
  public SoakCommand() {}

  @Override
  public Integer call() throws IOException, InterruptedException {
    PrintWriter out = spec.commandLine().getOut();
    List<MemorySample> samples = new ArrayList<>();
    List<String> wrong = new ArrayList<>();
    try (TinyModel tiny = TinyModel.unpack()) {
      try (Soak soak = new Soak(tiny.folder(), seed)) {
        out.printf("seed %d%n", seed);
        Thread watcher = new Thread(() -> watch(soak, samples, out), "soak-watcher");
        watcher.setDaemon(true);
        watcher.start();
        long end = System.nanoTime() + (long) (minutes * 60e9);
        for (int round = 0; System.nanoTime() - end < 0 && soak.failures().isEmpty(); round++) {
          soak.round(conversations, round, () -> System.nanoTime() - end >= 0);
          wrong.addAll(soak.leaks());
        }
        watcher.interrupt();
        watcher.join();
        for (Throwable failure : soak.failures()) {
          wrong.add(failure + ": " + failure.getCause());
        }
        out.println(soak.tally());
        out.println(soak.metrics());
      }
    }
    // Those that have just been told to end, end.
    TimeUnit.SECONDS.sleep(1);
    Soak.threads().forEach(name -> wrong.add("a thread is left: " + name));
    judge(samples, wrong, out);
    wrong.forEach(sentence -> out.println("FAILED: " + sentence));
    return wrong.isEmpty() ? 0 : 1;
  }

  private void watch(Soak soak, List<MemorySample> samples, PrintWriter out) {
    long begun = System.nanoTime();
    long before = 0;
    out.println(
        "| s | RSS, MiB | heap after GC, MiB | native by Java, MiB | JVM's books, MiB | replies/s |"
            + " counters |");
    out.println("|---|---|---|---|---|---|---|");
    while (true) {
      try {
        TimeUnit.SECONDS.sleep(every);
        MemorySample sample = MemorySample.take();
        samples.add(sample);
        Tally tally = soak.tally();
        long replies =
            tally.count(Event.COMPLETED)
                + tally.count(Event.CANCELLED)
                + tally.count(Event.DEADLINE);
        ModelMetrics metrics = soak.metrics();
        out.printf(
            "| %.0f | %.1f | %.1f | %s | %s | %.1f | completed %d, cancelled %d, deadline %d, queue"
                + " full %d, tokens evicted %d, preemptions %d, tokens copied %d, shared %d |%n",
            (sample.nanos() - begun) / 1e9,
            sample.resident() / MIB,
            sample.heap() / MIB,
            format(sample.nativeOther()),
            format(sample.committed()),
            (replies - before) / (double) every,
            tally.count(Event.COMPLETED),
            tally.count(Event.CANCELLED),
            tally.count(Event.DEADLINE),
            tally.count(Event.QUEUE_FULL),
            metrics.cache().evictedTokens(),
            metrics.queue().preemptions(),
            metrics.cache().copiedTokens(),
            metrics.cache().sharedTokens());
        before = replies;
      } catch (InterruptedException e) {
        return;
      } catch (IOException e) {
        out.println("The memory cannot be read: " + e);
        return;
      }
    }
  }

  private static String format(long bytes) {
    return bytes < 0 ? "-" : "%.2f".formatted(bytes / MIB);
  }

  private static void judge(List<MemorySample> samples, List<String> wrong, PrintWriter out) {
    List<MemorySample> half = samples.subList(samples.size() / 2, samples.size());
    if (half.size() < 4) {
      out.println("Too short to tell whether the memory grows: fewer than 8 looks at it.");
      return;
    }
    out.printf(
        "The JVM's books grew by %.3f MiB a minute in the second half: compiled code and the"
            + " like.%n",
        MemorySample.slope(half, MemorySample::committed) / MIB);
    judge("RSS", half, MemorySample::resident, wrong, out);
    judge("heap after GC", half, MemorySample::heap, wrong, out);
    judge("native by Java", half, MemorySample::nativeOther, wrong, out);
  }

  private static void judge(
      String what,
      List<MemorySample> half,
      ToLongFunction<MemorySample> of,
      List<String> wrong,
      PrintWriter out) {
    double slope = MemorySample.slope(half, of) / MIB;
    out.printf(
        "%s grew by %.3f MiB a minute in the second half; the bound is %.1f.%n",
        what, slope, BOUND);
    if (slope > BOUND) {
      wrong.add("%s grew by %.3f MiB a minute".formatted(what, slope));
    }
  }
}
