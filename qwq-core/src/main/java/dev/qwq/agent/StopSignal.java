package dev.qwq.agent;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import dev.qwq.agent.AgentReply.End;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/** Stops all that an agent does: when it is cancelled, or when its time is up. */
final class StopSignal {
  private final CompletableFuture<Optional<End>> end = new CompletableFuture<>();
  private volatile boolean interrupted;

  StopSignal(Duration timeout) {
    end.completeOnTimeout(Optional.of(End.TIMED_OUT), timeout.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** Stops, unless it has stopped or was disarmed already. */
  void stop(End reason) {
    end.complete(Optional.of(reason));
  }

  /** Ends the clock: nothing will stop any more. */
  void disarm() {
    end.complete(Optional.empty());
  }

  boolean isStopped() {
    return reason().isPresent();
  }

  /** Why all stopped; empty if it has not. */
  Optional<End> reason() {
    return end.getNow(Optional.empty());
  }

  /** Runs an action when all stops; at once, if it has. It must be quick. */
  void onStop(Runnable action) {
    var _ =
        end.thenAccept(
            reason -> {
              if (reason.isPresent()) {
                action.run();
              }
            });
  }

  /** Waits for work, or until all stops; then the work is interrupted, and the result is false. */
  boolean await(CompletableFuture<?> work) {
    waitFor(CompletableFuture.anyOf(work, end));
    if (isStopped()) {
      work.cancel(true);
      return false;
    }
    return true;
  }

  /** Waits for work that ends by itself when all stops. */
  void awaitAll(List<? extends CompletableFuture<?>> work) {
    waitFor(CompletableFuture.allOf(work.toArray(new CompletableFuture<?>[0])));
  }

  /** An interrupt of the waiting thread stops all. */
  private void waitFor(CompletableFuture<?> future) {
    while (true) {
      try {
        future.get();
        return;
      } catch (InterruptedException e) {
        interrupted = true;
        stop(End.CANCELLED);
      } catch (ExecutionException e) {
        return; // who asks for the result will see
      }
    }
  }

  /** Interrupts this thread again, if it was while it waited here. */
  void restoreInterrupt() {
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** The result of work that has ended. */
  static <T> T result(CompletableFuture<T> work) {
    try {
      return work.get();
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case RuntimeException failure -> throw failure;
        case Error failure -> throw failure;
        case null, default ->
            throw new QwqException(ErrorCode.INTERNAL, "a hook failed: " + e.getCause(), e);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new QwqException(ErrorCode.INTERNAL, "interrupted without waiting", e);
    }
  }
}
