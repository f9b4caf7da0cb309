package dev.qwq.agent;

import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;

/** Work on a virtual thread of its own, which is interrupted when nobody wants its result. */
final class Job {
  private Job() {}

  /**
   * Starts work.
   *
   * @param name the thread's
   * @param work what to do
   * @return its result; completing it otherwise interrupts the thread
   */
  static <T> CompletableFuture<T> start(String name, Callable<T> work) {
    CompletableFuture<T> result = new CompletableFuture<>();
    Thread thread =
        Thread.ofVirtual()
            .name(name)
            .unstarted(
                () -> {
                  try {
                    result.complete(work.call());
                  } catch (Throwable e) {
                    result.completeExceptionally(e);
                  }
                });
    var _ = result.whenComplete((value, failure) -> thread.interrupt());
    thread.start();
    return result;
  }
}
