package dev.qwq.engine;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import dev.qwq.engine.GenerationEnd.Reason;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides what runs. Tasks wait in the order of their priority, then of their coming, and run until
 * they are done; each step takes one token of every task that generates, and fills up with prompts
 * in turn. What two prompts have in common is computed for one of them.
 *
 * <p>A task that needs a KV block takes one that nobody runs on, else from the last of the running
 * tasks, which goes back to the queue and computes its tokens again later, with the same results.
 * The first task thus always gets on. A task also gives way to one of higher priority.
 */
final class Scheduler implements StepExecutor.Finisher {
  private static final Logger LOG = LoggerFactory.getLogger(Scheduler.class);

  private final EngineInfo info;
  private final KvMemory memory;
  private final StepExecutor executor;
  private final PrefillPacer pacer;
  private final EngineMeter meter;
  private final BooleanSupplier urgent;

  /** Rows up to which a step takes hardly longer than one of a single row. */
  private static final int CHEAP_ROWS = 16;

  /** How long guesses may hold a step up, in nanoseconds; between these, half a step's time. */
  private static final long LEAST_PATIENCE = 20_000_000;

  private static final long MOST_PATIENCE = 100_000_000;

  /** How long to wait for blocks that are being copied from or to a file. */
  private static final long WAIT_NANOS = 100_000;

  private static final Comparator<Task> FIRST_SERVED =
      Comparator.comparingInt(Task::priority).reversed().thenComparingLong(Task::order);

  private final List<Task> running = new ArrayList<>(); // in the order of FIRST_SERVED
  private final TreeSet<Task> waiting = new TreeSet<>(FIRST_SERVED);
  private @Nullable Task lastPrefilled;
  private long preemptions;
  private long accepted;

  /**
   * Creates a scheduler.
   *
   * @param urgent true if something is to be done before the next step
   */
  Scheduler(
      EngineInfo info,
      KvMemory memory,
      StepExecutor executor,
      PrefillPacer pacer,
      EngineMeter meter,
      BooleanSupplier urgent) {
    this.meter = meter;
    this.urgent = urgent;
    this.info = info;
    this.memory = memory;
    this.executor = executor;
    this.pacer = pacer;
  }

  boolean isIdle() {
    return running.isEmpty() && waiting.isEmpty();
  }

  /** How many times a running task lost its blocks to an older one. */
  long preemptions() {
    return preemptions;
  }

  int running() {
    return running.size();
  }

  int waiting() {
    return waiting.size();
  }

  void accept(Task task) {
    task.setOrder(accepted++);
    waiting.add(task);
  }

  /** A sequence was closed: its blocks are free now, or when its task, cancelled already, ends. */
  void release(KvSequence sequence) {
    if (sequence.user() == null) {
      memory.close(sequence);
    }
  }

  void dropCancelled() {
    for (Task task : all()) {
      Reason reason = task.stopReason();
      if (reason != null) {
        finish(task, reason, null, true);
      }
    }
  }

  /**
   * Ends every task, and gives all blocks back. Whatever goes wrong with one task, the others are
   * told: somebody waits for each.
   */
  void endAll(@Nullable QwqException failure) {
    for (Task task : all()) {
      try {
        finish(task, failure == null ? Reason.CANCELLED : Reason.FAILED, failure, true);
      } catch (Throwable e) {
        LOG.error("A generation's KV blocks could not be given back", e);
      }
    }
    memory.closeAll();
  }

  private List<Task> all() {
    List<Task> all = new ArrayList<>(running);
    all.addAll(waiting);
    return all;
  }

  /** Runs one step of what is due. */
  void step() {
    admit();
    findMore();
    List<StepExecutor.Run> plan = plan();
    if (!plan.isEmpty()) {
      executor.run(plan, this);
    } else if (!running.isEmpty()) {
      LockSupport.parkNanos(WAIT_NANOS);
    }
  }

  private void admit() {
    while (!waiting.isEmpty()) {
      Task task = waiting.first();
      while (!hasRoom(task)) {
        if (!hasRoomWithoutLower(task)) {
          return;
        }
        preemptLast();
      }
      waiting.remove(task);
      run(task);
    }
  }

  private boolean hasRoom(Task task) {
    return running.size() < info.maxSequences() && fits(task);
  }

  /** True if lower priorities are in the way, and nothing else. */
  private boolean hasRoomWithoutLower(Task task) {
    List<Task> lower =
        running.stream().filter(other -> other.priority() < task.priority()).toList();
    return !lower.isEmpty()
        && running.size() - lower.size() < info.maxSequences()
        && fits(task, lower);
  }

  private void run(Task task) {
    int at = 0;
    while (at < running.size() && FIRST_SERVED.compare(running.get(at), task) < 0) {
      at++;
    }
    running.add(at, task);
    try {
      task.attach(memory);
      task.resume();
    } catch (Throwable e) {
      finish(task, Reason.FAILED, StepExecutor.asFailure(e), true);
    }
  }

  /** True if there are blocks for all the task knows beside all that running tasks know. */
  private boolean fits(Task task) {
    return fits(task, List.of());
  }

  /** As {@link #fits(Task)}, if some of the running tasks were not. */
  private boolean fits(Task task, List<Task> gone) {
    if (running.size() == gone.size()) {
      return true; // One context always fits.
    }
    // What others compute already need not be found room for: so it is looked up first.
    task.attach(memory);
    int needed = blocksAhead(task) - task.sequence().heldBlocks();
    int free = memory.pool().obtainable();
    memory.detach(task.sequence());
    for (Task other : running) {
      int held = other.sequence().heldBlocks();
      free += gone.contains(other) ? held : -Math.max(0, blocksAhead(other) - held);
    }
    return needed <= free;
  }

  private int blocksAhead(Task task) {
    return memory.pool().blocksFor(Math.min(task.tokensAhead(), info.contextLength()));
  }

  /** What other tasks computed in the last step need not be computed again. */
  private void findMore() {
    for (Task task : List.copyOf(running)) {
      try {
        if (!task.isDecoding() && task.extend(memory)) {
          task.found();
        }
        memory.makeWritable(task.sequence());
      } catch (Throwable e) {
        finish(task, Reason.FAILED, StepExecutor.asFailure(e), true);
      }
    }
  }

  private List<StepExecutor.Run> plan() {
    int[] counts = share();
    List<StepExecutor.Run> plan = new ArrayList<>(counts.length);
    // Oldest first; covering one may shorten the list, at its end only.
    for (int i = 0; i < running.size(); i++) {
      Task task = running.get(i);
      int count = counts[i];
      if (!memory.canCover(task.sequence(), task.sequence().computed() + count)) {
        count = task.known(count); // Nobody gives way to guesses.
      }
      if (count > 0 && cover(task, count)) {
        plan.add(new StepExecutor.Run(task, count));
      }
    }
    return plan;
  }

  /** Divides the tokens of a step among the running tasks. */
  private int[] share() {
    int tasks = running.size();
    int[] counts = new int[tasks];
    int decoding = 0;
    for (int i = 0; i < tasks; i++) {
      if (running.get(i).isDecoding()) {
        counts[i] = 1;
        decoding++;
      }
    }
    int drafted = draft(counts, decoding);
    if (decoding == tasks) {
      return counts;
    }
    int room = info.maxBatchTokens() - decoding - drafted;
    int budget = room == 0 ? 0 : pacer.budget(room, decoding > 0);
    int start = running.indexOf(lastPrefilled) + 1;
    lastPrefilled = null;
    Set<BlockKey> begun = begunBlocks();
    for (int k = 0; k < tasks && budget > 0; k++) {
      int i = (start + k) % tasks;
      Task task = running.get(i);
      if (counts[i] == 0 && !isComputedByAnother(task, begun)) {
        counts[i] = Math.min(budget, task.runLength());
        budget -= counts[i];
        if (lastPrefilled == null) {
          lastPrefilled = task;
        }
      }
    }
    return counts;
  }

  /**
   * Lets decoding tasks guess, as far as rows are nearly free: a step reads all weights once,
   * however few rows it computes.
   *
   * @param counts takes the guesses of each task
   * @return all guesses
   */
  private int draft(int[] counts, int decoding) {
    int forPrompts = decoding < counts.length ? 1 : 0;
    int room = Math.min(CHEAP_ROWS, info.maxBatchTokens() - forPrompts) - decoding;
    int each = decoding == 0 ? 0 : Math.max(0, room) / decoding;
    for (int i = 0; i < counts.length; i++) {
      if (counts[i] == 1) {
        running.get(i).beginDraft(each); // All before any is waited for.
      }
    }
    long patience =
        Math.clamp((long) (meter.nanosPerDecodeStep() / 2), LEAST_PATIENCE, MOST_PATIENCE);
    Drafter.Patience deadline = new Drafter.Patience(System.nanoTime() + patience, urgent);
    int drafted = 0;
    for (int i = 0; i < counts.length; i++) {
      if (counts[i] == 1) {
        int guesses = running.get(i).draft(deadline);
        counts[i] += guesses;
        drafted += guesses;
      }
    }
    return drafted;
  }

  /** The blocks that running prompts are in the middle of. */
  private Set<BlockKey> begunBlocks() {
    Set<BlockKey> begun = new HashSet<>();
    for (Task task : running) {
      if (publishesNext(task)
          && !task.sequence().isForeign()
          && !memory.isAtBlock(task.sequence())) {
        begun.add(memory.nextKey(task.sequence()));
      }
    }
    return begun;
  }

  /**
   * True if the block that the task would begin is being computed for another task: this one will
   * find it in the cache then.
   *
   * @param begun the blocks that are; the task's is added
   */
  private boolean isComputedByAnother(Task task, Set<BlockKey> begun) {
    KvSequence sequence = task.sequence();
    if (!publishesNext(task) || !memory.isAtBlock(sequence)) {
      return false;
    }
    BlockKey key = memory.nextKey(sequence);
    // What rests on a file is found by nobody.
    return sequence.isForeign() ? begun.contains(key) : !begun.add(key);
  }

  /** True if the block of the task's next token will be full, and known to others then. */
  private boolean publishesNext(Task task) {
    KvSequence sequence = task.sequence();
    int blockSize = info.kvBlockSize();
    int end = (sequence.computed() / blockSize + 1) * blockSize;
    return !task.isDecoding() && task.reusesBlocks() && end <= sequence.history().size();
  }

  /** Gets the task blocks for its next tokens; false if it had to give way itself. */
  private boolean cover(Task task, int count) {
    int tokens = task.sequence().computed() + count;
    while (!memory.cover(task.sequence(), tokens)) {
      if (running.size() == 1 && memory.isLent()) {
        return false; // Soon there will be room.
      }
      if (running.size() == 1) {
        finish(task, Reason.FAILED, tooLarge(tokens), true);
        return false;
      }
      if (preemptLast().equals(task)) {
        return false;
      }
    }
    return true;
  }

  private Task preemptLast() {
    Task task = running.removeLast();
    preemptions++;
    LOG.debug(
        "A generation of {} tokens gives way, {} running",
        task.sequence().history().size(),
        running.size());
    memory.detach(task.sequence());
    waiting.add(task);
    return task;
  }

  private QwqException tooLarge(int tokens) {
    return new QwqException(
        ErrorCode.OUT_OF_MEMORY,
        "The KV cache holds %d tokens, but one conversation needs %d."
            .formatted(info.kvCacheTokens(), tokens));
  }

  @Override
  public void finish(Task task, Reason reason, @Nullable QwqException failure, boolean keepCache) {
    if (!running.remove(task)) {
      waiting.remove(task);
    }
    if (task.equals(lastPrefilled)) {
      lastPrefilled = null;
    }
    try {
      giveBack(task.sequence(), keepCache);
    } catch (Throwable e) {
      // The engine cannot go on, but whoever waits for this task hears of it all the same.
      end(task, Reason.FAILED, StepExecutor.asFailure(e));
      throw e;
    }
    end(task, reason, failure);
  }

  private void giveBack(KvSequence sequence, boolean keepCache) {
    if (!keepCache) {
      memory.reset(sequence);
    } else if (sequence.isClosed()) {
      memory.close(sequence);
    } else {
      memory.detach(sequence);
    }
  }

  private static void end(Task task, Reason reason, @Nullable QwqException failure) {
    task.sequence().unclaim();
    if (failure != null) {
      LOG.debug("A generation failed", failure);
    }
    try {
      task.end(reason, failure);
    } catch (Throwable e) {
      LOG.warn("The listener of a generation failed at its end", e);
    }
  }
}
