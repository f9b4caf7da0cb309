package dev.qwq.engine;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import dev.qwq.engine.GenerationEnd.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Runs a planned step and hands its results out. Keeps failures apart: what one task does wrong
 * ends that task and no other.
 */
final class StepExecutor {
  /** The next {@code count} tokens of a task. */
  record Run(Task task, int count) {}

  /** Is told of tasks that are over. */
  interface Finisher {
    /**
     * Ends a task.
     *
     * @param keepCache false if what the sequence has in the cache is not to be trusted
     */
    void finish(Task task, Reason reason, @Nullable QwqException failure, boolean keepCache);
  }

  private final Stepper stepper;
  private final StepBatch batch;
  private final PrefillPacer pacer;
  private final KvMemory memory;
  private final EngineMeter meter;
  private final BooleanSupplier closing;

  StepExecutor(
      Stepper stepper,
      StepBatch batch,
      PrefillPacer pacer,
      KvMemory memory,
      EngineMeter meter,
      BooleanSupplier closing) {
    this.stepper = stepper;
    this.memory = memory;
    this.meter = meter;
    this.batch = batch;
    this.pacer = pacer;
    this.closing = closing;
  }

  /** Runs a step. Tasks that are cancelled meanwhile make it end early, with nothing done. */
  void run(List<Run> planned, Finisher finisher) {
    List<Run> runs = prepare(planned, finisher);
    if (runs.isEmpty()) {
      return;
    }
    QwqException failure = step(runs, finisher);
    if (failure == null) {
      return;
    }
    if (runs.size() == 1) {
      finisher.finish(runs.getFirst().task(), Reason.FAILED, failure, false);
      return;
    }
    // The whole step fails when one sequence does; only single steps tell which.
    for (Run run : runs) {
      QwqException own = step(List.of(run), finisher);
      if (own != null) {
        finisher.finish(run.task(), Reason.FAILED, own, false);
      }
    }
  }

  private static List<Run> prepare(List<Run> planned, Finisher finisher) {
    List<Run> ready = new ArrayList<>(planned.size());
    for (Run run : planned) {
      try {
        run.task().prepare(run.count());
        ready.add(run);
      } catch (Throwable e) {
        finisher.finish(run.task(), Reason.FAILED, asFailure(e), true);
      }
    }
    return ready;
  }

  /** Returns why the step failed; null if it succeeded, was cancelled, or did not begin. */
  private @Nullable QwqException step(List<Run> runs, Finisher finisher) {
    batch.clear();
    for (Run run : runs) {
      run.task().addTo(batch, run.count());
    }
    StepEvent event = new StepEvent();
    event.begin();
    long start = System.nanoTime();
    try {
      // A task is marked before the flag is lowered, and the flag lowered before tasks are asked:
      // whoever cancels from now on either is seen here or finds the mark and raises the flag.
      runs.forEach(run -> run.task().setInStep(true));
      batch.lowerCancelFlag();
      if (closing.getAsBoolean() || runs.stream().anyMatch(run -> run.task().isCancelled())) {
        return null;
      }
      event.completed = stepper.step(batch);
    } catch (QwqException e) {
      return e;
    } finally {
      runs.forEach(run -> run.task().setInStep(false));
      event.sequences = batch.runs();
      event.tokens = batch.tokens();
      event.commit();
    }
    if (event.completed) {
      long nanos = System.nanoTime() - start;
      pacer.record(batch.tokens(), nanos);
      meter.step(nanos, runs.stream().allMatch(run -> run.task().isDecoding()));
      handOut(runs, finisher);
    }
    return null;
  }

  private void handOut(List<Run> runs, Finisher finisher) {
    for (int i = 0; i < runs.size(); i++) {
      Task task = runs.get(i).task();
      int count = runs.get(i).count();
      memory.advance(task.sequence(), task.known(count));
      Reason end;
      QwqException failure = null;
      try {
        end = task.computed(batch, i, count);
        memory.advance(task.sequence(), task.verified());
      } catch (Throwable e) {
        end = Reason.FAILED;
        failure = asFailure(e);
      }
      if (end != null) {
        finisher.finish(task, end, failure, true);
      }
    }
  }

  /** What users' code throws, as the failure of its task. */
  static QwqException asFailure(Throwable thrown) {
    return thrown instanceof QwqException failure
        ? failure
        : new QwqException(
            ErrorCode.INTERNAL, "A listener or mask of this generation failed: " + thrown, thrown);
  }
}
