package dev.qwq.engine;

import dev.qwq.ErrorCode;
import dev.qwq.QueueFullException;
import dev.qwq.QwqException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The engine thread and its inbox. Everything that others ask for becomes a command in the inbox,
 * carried out between two steps; with nothing to do the thread is parked.
 */
final class SchedulerLoop {
  private static final Logger LOG = LoggerFactory.getLogger(SchedulerLoop.class);
  private static final double RECENT = 0.2; // weight of the last task in the average
  private static final AtomicInteger THREADS = new AtomicInteger();

  private final EngineInfo info;
  private final Stepper stepper;
  private final Runnable onExit;
  private final MemorySegment cancelFlag = StepBatch.newCancelFlag();
  private final StepBatch batch;
  private final KvMemory memory;
  private final Scheduler scheduler;
  private final PrefillPacer pacer = new PrefillPacer();
  private final EngineMeter meter;
  private final AtomicInteger unfinished = new AtomicInteger();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Deque<Runnable> inbox = new ArrayDeque<>();
  private final Thread thread;
  private volatile double secondsPerTask; // moving average; 0 before the first
  private volatile boolean cancelRequested;
  private volatile boolean closing;
  private volatile @Nullable QwqException broken;

  /**
   * Creates the loop; {@link #start} starts it.
   *
   * @param onExit called on the engine thread when it has come to its end
   */
  SchedulerLoop(EngineInfo info, Stepper stepper, Runnable onExit) {
    this.info = info;
    this.stepper = stepper;
    this.onExit = onExit;
    batch = new StepBatch(info.maxSequences(), info.maxBatchTokens(), cancelFlag);
    memory = new KvMemory(new BlockPool(info.kvBlocks(), info.kvBlockSize()), stepper);
    meter = new EngineMeter(info.kvBlocks());
    StepExecutor executor = new StepExecutor(stepper, batch, pacer, memory, meter, () -> closing);
    scheduler =
        new Scheduler(info, memory, executor, pacer, meter, () -> cancelRequested || closing);
    thread =
        Thread.ofPlatform()
            .daemon()
            .name("qwq-engine-" + THREADS.incrementAndGet())
            .unstarted(this::run);
  }

  void start() {
    boolean started = false;
    try {
      thread.start();
      started = true;
    } finally {
      if (!started) {
        batch.close();
      }
    }
  }

  EngineMeter meter() {
    return meter;
  }

  /** Generations that run now. The engine thread. */
  int running() {
    return scheduler.running();
  }

  /** Generations that wait now. The engine thread. */
  int waiting() {
    return scheduler.waiting();
  }

  /** KV blocks given away so far. The engine thread. */
  long evictions() {
    return memory.pool().evictions();
  }

  Stepper stepper() {
    return stepper;
  }

  boolean isEngineThread() {
    return Thread.currentThread() == thread;
  }

  boolean isClosing() {
    return closing;
  }

  /** Hands a task over. Any thread; does not wait for a step. */
  void submit(Task task) {
    submit(task, Duration.ZERO);
  }

  /** Hands a task over that is to end when a time has passed; zero: no limit. */
  void submit(Task task, Duration limit) {
    claim(task);
    boolean handedOver = false;
    try {
      task.limitTime(limit);
      reserve();
      if (!post(() -> accept(task))) {
        unfinished.decrementAndGet();
        throw closed();
      }
      handedOver = true;
      meter.submitted();
    } finally {
      if (!handedOver) {
        task.dropTimeLimit();
        unclaim(task.sequence());
      }
    }
  }

  private void accept(Task task) {
    scheduler.accept(task);
    // Cancelled before it was here to be found: what the cancel raised may be taken down already.
    if (task.isCancelled()) {
      cancelRequested = true;
    }
  }

  /** Takes a claim back. Whoever closed the sequence meanwhile left its blocks to the claim. */
  void unclaim(KvSequence sequence) {
    sequence.unclaim();
    if (sequence.isClosed()) {
      release(sequence);
    }
  }

  /** A transfer of this sequence has ended; it is free for others on return. Any other thread. */
  void giveBack(KvSequence sequence) {
    try {
      call(
          kv -> {
            kv.takeBack(sequence);
            unclaim(sequence);
            return true;
          });
    } catch (QwqException e) {
      LOG.debug("A transfer ended after its engine", e); // Everything is free already.
    }
  }

  private void reserve() {
    int limit = limit();
    if (unfinished.getAndUpdate(n -> n < limit ? n + 1 : n) >= limit) {
      throw full();
    }
  }

  /** Refuses what {@link #submit} would refuse now, before work is put into it. Any thread. */
  void checkRoom() {
    if (unfinished.get() >= limit()) {
      throw full();
    }
  }

  private int limit() {
    return (int) Math.min(Integer.MAX_VALUE, (long) info.maxSequences() + info.maxQueued());
  }

  private QueueFullException full() {
    meter.refused();
    return new QueueFullException(
        "%d generations run or wait, and no more may (maxSequences %d, maxQueued %d)."
            .formatted(limit(), info.maxSequences(), info.maxQueued()),
        expectedWait());
  }

  private void claim(Task task) {
    claim(task.sequence(), task);
  }

  /** Makes somebody the user of a sequence, or says why not. Any thread. */
  void claim(KvSequence sequence, KvSequence.User user) {
    if (!sequence.claim(user)) {
      throw new QwqException(
          ErrorCode.SESSION_BUSY, "The sequence is in use by another generation.");
    }
    // After the claim: whoever closes the sequence either is seen here or sees the claim.
    if (sequence.isClosed()) {
      unclaim(sequence);
      throw new QwqException(ErrorCode.CLOSED, "The sequence is closed.");
    }
  }

  /** Why the engine takes no work; for callers that found it closing. */
  QwqException closed() {
    QwqException cause = broken;
    return cause == null
        ? new QwqException(ErrorCode.CLOSED, "The engine is closed.")
        : new QwqException(ErrorCode.CLOSED, "The engine is closed: " + cause.getMessage(), cause);
  }

  /** See {@link KvSequence#fork}. Any thread. */
  KvSequence fork(KvSequence parent) {
    KvSequence child = new KvSequence(this);
    if (parent.isClosed()) {
      throw new QwqException(ErrorCode.CLOSED, "The sequence is closed.");
    }
    if (!post(() -> memory.fork(parent, child))) {
      throw closed();
    }
    return child;
  }

  /** Frees a closed sequence's blocks. Any thread. */
  void release(KvSequence sequence) {
    // Of a closed engine everything is free already.
    post(() -> scheduler.release(sequence));
  }

  /** Takes notice of a cancelled task. Any thread. */
  void cancelled(Task task) {
    cancelRequested = true;
    if (task.isInStep()) {
      StepBatch.setCancelFlag(cancelFlag, true);
    }
  }

  /** A task is over. */
  void finished(Task task) {
    unfinished.decrementAndGet();
    long nanos = task.nanosRunning();
    if (nanos > 0) {
      double seconds = nanos / 1e9;
      double average = secondsPerTask;
      secondsPerTask = average == 0 ? seconds : average + RECENT * (seconds - average);
    }
  }

  /** Until the next of the running tasks should be over, if tasks take as long as the last ones. */
  private Optional<Duration> expectedWait() {
    double average = secondsPerTask;
    return average == 0
        ? Optional.empty()
        : Optional.of(Duration.ofNanos((long) (average * 1e9 / info.maxSequences())));
  }

  /**
   * Has something done on the engine thread, between two steps, and waits for it. Any other thread.
   *
   * @throws QwqException with {@code CLOSED} if the engine takes no more work
   */
  <T> T call(Function<KvMemory, T> action) {
    if (isEngineThread()) {
      throw new IllegalStateException("a call that blocks was made by a listener");
    }
    CompletableFuture<T> result = new CompletableFuture<>();
    boolean posted =
        post(
            () -> {
              try {
                result.complete(action.apply(memory));
              } catch (Throwable e) {
                result.completeExceptionally(e);
              }
            });
    if (!posted) {
      throw closed();
    }
    try {
      return result.join();
    } catch (CompletionException e) {
      throw StepExecutor.asFailure(e.getCause() == null ? e : e.getCause());
    }
  }

  /** The counts as they are between two steps. Any thread. */
  CompletableFuture<EngineCounters> load() {
    CompletableFuture<EngineCounters> load = new CompletableFuture<>();
    boolean posted =
        post(
            () -> {
              show();
              load.complete(meter.shown());
            });
    if (!posted) {
      load.completeExceptionally(closed());
    }
    return load;
  }

  private void show() {
    meter.show(scheduler, memory, pacer.nanosPerToken());
  }

  /** Puts a command into the inbox; false if the engine takes no more. */
  private boolean post(Runnable command) {
    lock.lock();
    try {
      if (closing) {
        return false;
      }
      inbox.addLast(command);
      changed.signal();
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Ends all work and the thread; returns when it has ended, unless called by it. */
  void close() {
    refuse();
    StepBatch.setCancelFlag(cancelFlag, true);
    if (isEngineThread()) {
      return;
    }
    boolean interrupted = false;
    while (true) {
      try {
        thread.join();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void refuse() {
    lock.lock();
    try {
      closing = true;
      changed.signal();
    } finally {
      lock.unlock();
    }
  }

  private void run() {
    try {
      QwqException failure = null;
      try {
        while (awaitWork()) {
          scheduler.step();
        }
      } catch (Throwable e) {
        LOG.error("The engine has failed and is closed", e);
        failure = new QwqException(ErrorCode.INTERNAL, "The engine has failed: " + e, e);
        broken = failure;
      }
      refuse();
      // Nothing is added any more; tasks among the commands are still to be ended.
      inbox.forEach(SchedulerLoop::runOnTheWayOut);
      scheduler.endAll(failure);
    } catch (Throwable e) {
      LOG.error("The engine has failed while it was closing", e);
    } finally {
      batch.close();
      onExit.run();
    }
  }

  /** One command that fails does not keep the next ones from ending their tasks. */
  private static void runOnTheWayOut(Runnable command) {
    try {
      command.run();
    } catch (Throwable e) {
      LOG.error("A command failed while the engine was closing", e);
    }
  }

  /** Carries out commands, parked until there is something to do; false when the engine closes. */
  private boolean awaitWork() {
    while (!closing) {
      show();
      // Those that are there now, and not what comes meanwhile: steps must get on.
      for (int commands = awaitCommands(); commands > 0 && !closing; commands--) {
        nextCommand().run();
        dropCancelled();
      }
      dropCancelled();
      if (!scheduler.isIdle()) {
        return !closing;
      }
    }
    return false;
  }

  /** Waits until there is something to do; returns how many commands are there. */
  private int awaitCommands() {
    lock.lock();
    try {
      while (inbox.isEmpty() && scheduler.isIdle() && !closing) {
        changed.awaitUninterruptibly();
      }
      return inbox.size();
    } finally {
      lock.unlock();
    }
  }

  private Runnable nextCommand() {
    lock.lock();
    try {
      return inbox.removeFirst();
    } finally {
      lock.unlock();
    }
  }

  private void dropCancelled() {
    if (cancelRequested) {
      cancelRequested = false;
      scheduler.dropCancelled();
    }
  }
}
