package dev.qwq.examples.desktop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qwq.FinishReason;
import dev.qwq.ModelInfo;
import dev.qwq.Usage;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;

/** A view without a display, and the thread it belongs to. */
final class RecordingView implements ChatView, AutoCloseable {
  private static final long TIMEOUT_S = 60;

  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().name("ui").factory());

  final List<String> errors = new ArrayList<>();
  final List<FinishReason> ends = new ArrayList<>();
  final StringBuilder thinking = new StringBuilder();
  final StringBuilder answer = new StringBuilder();
  Phase phase = Phase.NO_MODEL;
  String model = "";
  long loaded;
  long toLoad;
  int read;
  double speed;
  int conversations;

  /** Runs tasks on the view's thread and waits for them, as the window does. */
  Executor executor() {
    return task -> await(thread.submit(task));
  }

  void run(Runnable task) {
    executor().execute(task);
  }

  /** Waits until the view shows something. */
  void awaitThat(String what, BooleanSupplier holds) throws InterruptedException {
    long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(TIMEOUT_S);
    boolean[] held = new boolean[1];
    while (!held[0]) {
      assertThat(System.nanoTime()).as("waited for: " + what).isLessThan(limit);
      run(() -> held[0] = holds.getAsBoolean());
      Thread.sleep(1);
    }
  }

  private static void await(Future<?> done) {
    try {
      done.get(TIMEOUT_S, TimeUnit.SECONDS);
    } catch (InterruptedException | ExecutionException | TimeoutException e) {
      throw new AssertionError(e);
    }
  }

  private void onlyHere() {
    assertThat(Thread.currentThread().getName()).isEqualTo("ui");
  }

  @Override
  public void showPhase(Phase now) {
    onlyHere();
    phase = now;
  }

  @Override
  public void showModel(String name, ModelInfo info) {
    onlyHere();
    model = name;
  }

  @Override
  public void showLoading(long loadedBytes, long totalBytes) {
    onlyHere();
    loaded = loadedBytes;
    toLoad = totalBytes;
  }

  @Override
  public void clear() {
    onlyHere();
    conversations++;
    thinking.setLength(0);
    answer.setLength(0);
  }

  @Override
  public void beginReply(String message) {
    onlyHere();
    thinking.setLength(0);
    answer.setLength(0);
  }

  @Override
  public void showReading(int processed, int total) {
    onlyHere();
    read = processed;
  }

  @Override
  public void addThinking(String text) {
    onlyHere();
    thinking.append(text);
  }

  @Override
  public void addAnswer(String text) {
    onlyHere();
    answer.append(text);
  }

  @Override
  public void showSpeed(double piecesPerSecond) {
    onlyHere();
    speed = piecesPerSecond;
  }

  @Override
  public void endReply(Usage usage, FinishReason reason) {
    onlyHere();
    ends.add(reason);
  }

  @Override
  public void showError(String sentence) {
    onlyHere();
    errors.add(sentence);
  }

  @Override
  public void close() {
    thread.close();
  }
}
