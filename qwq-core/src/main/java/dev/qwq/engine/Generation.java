package dev.qwq.engine;

/** A generation that was submitted: the handle to stop it. Thread-safe. */
public final class Generation {
  private final Task task;

  Generation(Task task) {
    this.task = task;
  }

  /**
   * Stops the generation. Its computation ends within 200 ms, in the middle of a step if need be,
   * and the listener then gets {@link GenerationEnd.Reason#CANCELLED}. If it is waiting for its
   * turn, the listener hears of it after the step in flight. Does not block; does nothing if the
   * generation is over.
   */
  public void cancel() {
    task.cancel();
  }

  /**
   * Says whether the generation is over.
   *
   * @return true once the listener's {@code onEnd} has returned
   */
  public boolean isDone() {
    return task.isDone();
  }
}
