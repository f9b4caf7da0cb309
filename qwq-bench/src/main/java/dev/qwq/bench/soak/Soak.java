package dev.qwq.bench.soak;

import dev.qwq.Model;
import dev.qwq.ModelMetrics;
import dev.qwq.ModelOptions;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Many conversations at once over one model with few slots, a short queue and a KV cache that is
 * too small for what runs, next to the same model with room enough, which says what each
 * conversation says alone.
 */
public final class Soak implements AutoCloseable {
  private static final int SCRIPTS = 60;
  private static final Pattern OWN_THREAD =
      Pattern.compile("\"name\": \"((?:qwq-|fork|disturbance|talker)[^\"]*)\"");

  private final Model model;
  private final Model roomy;
  private final Alone alone;
  private final Tally tally = new Tally();
  private final long seed;

  /**
   * Opens a model twice.
   *
   * @param folder the model; it is its own draft model as well
   * @param seed decides what is asked and how it is disturbed
   */
  public Soak(Path folder, long seed) {
    this.seed = seed;
    // No more room than one conversation at a time takes: pages become resident when first used,
    // and would look like a leak.
    ModelOptions oneByOne =
        ModelOptions.builder().threads(1).contextLength(1024).kvCacheTokens(2048).build();
    roomy = Model.open(folder, oneByOne);
    alone = new Alone(roomy);
    ModelOptions tight =
        ModelOptions.builder()
            .threads(1)
            .contextLength(512)
            .kvCacheTokens(1024)
            .maxSequences(12)
            .maxQueued(96)
            .draftModel(folder)
            .build();
    model = Model.open(folder, tight);
  }

  /** Counts what happened so far. */
  Tally tally() {
    return tally;
  }

  /**
   * Returns what has gone wrong so far.
   *
   * @return the first failures; empty if there are none
   */
  public List<Throwable> failures() {
    return List.copyOf(tally.failures());
  }

  /**
   * Asks the model what it has done, and is doing.
   *
   * @return the numbers, as of its last step
   */
  public ModelMetrics metrics() {
    return model.metrics();
  }

  /**
   * Holds conversations, each on a virtual thread of its own, and waits for them.
   *
   * @param count how many
   * @param round a number; the same conversations are disturbed otherwise in every round
   * @param stopped whether they are to end before their time, each after a turn
   * @throws InterruptedException if this thread is interrupted
   */
  public void round(int count, int round, BooleanSupplier stopped) throws InterruptedException {
    Random random = new Random(seed + 7919L * round);
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Script script = new Script(seed, i % SCRIPTS);
      Talker talker = new Talker(model, alone, tally, script, random.nextLong(), stopped);
      threads.add(Thread.ofVirtual().name("talker-" + i).start(talker));
    }
    for (Thread thread : threads) {
      thread.join();
    }
  }

  /**
   * Says what was not given back: KV blocks that somebody still has although nothing runs.
   *
   * @return sentences; empty if all is as it should be
   * @throws InterruptedException if this thread is interrupted
   */
  public List<String> leaks() throws InterruptedException {
    // Replies whose consumer did not wait for the end of the computation.
    for (int i = 0; i < 1000 && !isIdle(metrics()); i++) {
      Thread.sleep(10);
    }
    if (!isIdle(metrics())) {
      return List.of("generations run although nobody waits for one");
    }
    long used = metrics().cache().usedTokens();
    return used == 0
        ? List.of()
        : List.of("room for %d tokens of KV cache was not given back".formatted(used));
  }

  private static boolean isIdle(ModelMetrics metrics) {
    return metrics.queue().running() == 0 && metrics.queue().waiting() == 0;
  }

  /** Closes both models. */
  @Override
  public void close() {
    model.close();
    roomy.close();
  }

  /**
   * Looks for threads, platform or virtual, that qwq or a conversation started.
   *
   * @return their names
   * @throws IOException if the threads cannot be listed
   */
  public static List<String> threads() throws IOException {
    Path folder = Files.createTempDirectory("qwq-soak");
    Path dump = folder.resolve("threads.json");
    try {
      ManagementFactory.getPlatformMXBean(com.sun.management.HotSpotDiagnosticMXBean.class)
          .dumpThreads(
              dump.toString(), com.sun.management.HotSpotDiagnosticMXBean.ThreadDumpFormat.JSON);
      List<String> names = new ArrayList<>();
      Matcher matcher = OWN_THREAD.matcher(Files.readString(dump));
      while (matcher.find()) {
        names.add(matcher.group(1));
      }
      return names;
    } finally {
      Files.deleteIfExists(dump);
      Files.delete(folder);
    }
  }
}
