package dev.qwq.engine;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import dev.qwq.engine.GenerationEnd.Reason;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides what runs. Tasks wait in the order they came and run until they are done; each step takes
 * one token of every task that generates, and fills up with prompts in turn. A task that needs a KV
 * block takes it from an idle sequence, else from the youngest running task, which goes back to the
 * head of the queue and computes its tokens again later, with the same results. The oldest task
 * thus always gets on.
 */
final class Scheduler implements StepExecutor.Finisher {
  private static final Logger LOG = LoggerFactory.getLogger(Scheduler.class);

  private final EngineInfo info;
  private final KvMemory memory;
  private final StepExecutor executor;
  private final PrefillPacer pacer;
  // Both in the order of submission, and all of `running` before all of `waiting`.
  private final List<Task> running = new ArrayList<>();
  private final Deque<Task> waiting = new ArrayDeque<>();
  private @Nullable Task lastPrefilled;
  private long preemptions;

  Scheduler(EngineInfo info, KvMemory memory, StepExecutor executor, PrefillPacer pacer) {
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

  void accept(Task task) {
    waiting.addLast(task);
  }

  /** A sequence was closed: its blocks are free now, or when its task, cancelled already, ends. */
  void release(KvSequence sequence) {
    if (sequence.user() == null) {
      memory.free(sequence);
    }
  }

  void dropCancelled() {
    for (Task task : all()) {
      if (task.isCancelled()) {
        finish(task, Reason.CANCELLED, null, true);
      }
    }
  }

  /** Ends every task, and gives all blocks back. */
  void endAll(@Nullable QwqException failure) {
    for (Task task : all()) {
      finish(task, failure == null ? Reason.CANCELLED : Reason.FAILED, failure, true);
    }
    memory.freeIdle();
  }

  private List<Task> all() {
    List<Task> all = new ArrayList<>(running);
    all.addAll(waiting);
    return all;
  }

  /** Runs one step of what is due. */
  void step() {
    admit();
    List<StepExecutor.Run> plan = plan();
    if (!plan.isEmpty()) {
      executor.run(plan, this);
    }
  }

  private void admit() {
    while (!waiting.isEmpty() && running.size() < info.maxSequences() && fits(waiting.getFirst())) {
      Task task = waiting.removeFirst();
      running.add(task);
      memory.busy(task.sequence());
      try {
        task.resume(memory.pool());
      } catch (Throwable e) {
        finish(task, Reason.FAILED, StepExecutor.asFailure(e), true);
      }
    }
  }

  /** True if there are blocks for all the task knows beside all that running tasks know. */
  private boolean fits(Task task) {
    int free = memory.obtainable();
    for (Task other : running) {
      free -= Math.max(0, blocksAhead(other) - other.sequence().heldBlocks());
    }
    // What the task's sequence still has in the cache is among the obtainable blocks. One context
    // always fits: alone, every task does.
    return running.isEmpty() || blocksAhead(task) <= free;
  }

  private int blocksAhead(Task task) {
    return memory.pool().blocksFor(Math.min(task.tokensAhead(), info.contextLength()));
  }

  private List<StepExecutor.Run> plan() {
    int[] counts = share();
    List<StepExecutor.Run> plan = new ArrayList<>(counts.length);
    // Oldest first; covering one may shorten the list, at its end only.
    for (int i = 0; i < running.size(); i++) {
      Task task = running.get(i);
      if (counts[i] > 0 && cover(task, counts[i])) {
        plan.add(new StepExecutor.Run(task, counts[i]));
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
    if (decoding == tasks) {
      return counts;
    }
    int budget = pacer.budget(info.maxBatchTokens() - decoding, decoding > 0);
    int start = running.indexOf(lastPrefilled) + 1;
    lastPrefilled = null;
    for (int k = 0; k < tasks && budget > 0; k++) {
      int i = (start + k) % tasks;
      if (counts[i] == 0) {
        Task task = running.get(i);
        counts[i] = Math.min(budget, task.runLength());
        budget -= counts[i];
        if (lastPrefilled == null) {
          lastPrefilled = task;
        }
      }
    }
    return counts;
  }

  /** Gets the task blocks for its next tokens; false if it had to give way itself. */
  private boolean cover(Task task, int count) {
    int tokens = task.sequence().computed() + count;
    while (!memory.cover(task.sequence(), tokens)) {
      if (running.size() == 1) {
        finish(task, Reason.FAILED, tooLarge(tokens), true);
        return false;
      }
      Task youngest = running.removeLast();
      preempt(youngest);
      if (youngest.equals(task)) {
        return false;
      }
    }
    return true;
  }

  private void preempt(Task task) {
    preemptions++;
    LOG.debug(
        "KV cache full: a generation of {} tokens gives way, {} running",
        task.sequence().history().size(),
        running.size());
    memory.free(task.sequence());
    waiting.addFirst(task);
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
    KvSequence sequence = task.sequence();
    if (!keepCache) {
      sequence.history().truncate(0);
    }
    if (!keepCache || sequence.isClosed()) {
      memory.free(sequence);
    } else {
      memory.idle(sequence);
    }
    sequence.unclaim();
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
