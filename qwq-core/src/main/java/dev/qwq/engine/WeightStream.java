package dev.qwq.engine;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import dev.qwq.nativelib.ffi.qwq_engine_config;
import dev.qwq.weights.ByteProgress;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.IntSupplier;

/**
 * Weights on their way to devices, while the native call that copies them runs: a listener hears
 * how far they have come, and ends the call by saying so. An interrupt of the calling thread ends
 * it, too.
 */
final class WeightStream {
  private static final Duration PERIOD = Duration.ofMillis(50);
  private static final VarHandle LOADED = ValueLayout.JAVA_LONG.varHandle();
  private static final VarHandle CANCEL = ValueLayout.JAVA_INT.varHandle();

  private final long totalBytes;
  private final ByteProgress listener;
  private boolean cancelled;

  /**
   * Prepares to follow.
   *
   * @param totalBytes what will be copied; 0 if nothing is, and nobody hears of it
   * @param listener called on the thread that calls {@link #run}
   */
  WeightStream(long totalBytes, ByteProgress listener) {
    this.totalBytes = totalBytes;
    this.listener = listener;
  }

  /**
   * Runs a call that creates an engine.
   *
   * @param config of the engine; gets the counter and the flag
   * @param create the call; returns its status
   * @param arena of memory that other threads may touch, which outlives this call
   * @return the status
   */
  int run(MemorySegment config, IntSupplier create, Arena arena) {
    if (totalBytes == 0) {
      return create.getAsInt();
    }
    MemorySegment loaded = arena.allocate(ValueLayout.JAVA_LONG);
    MemorySegment cancel = arena.allocate(ValueLayout.JAVA_INT);
    qwq_engine_config.loaded_bytes(config, loaded);
    qwq_engine_config.load_cancel(config, cancel);
    CompletableFuture<Integer> status = new CompletableFuture<>();
    Thread thread =
        Thread.ofPlatform()
            .name("qwq-load")
            .daemon()
            .start(
                () -> {
                  try {
                    status.complete(create.getAsInt());
                  } catch (Throwable e) {
                    status.completeExceptionally(e);
                  }
                });
    try {
      return follow(status, loaded, cancel);
    } finally {
      // Whatever the listener threw: the call uses memory that is about to go.
      if (!status.isDone()) {
        cancel(cancel);
      }
      joinWhateverHappens(thread);
    }
  }

  /** Tells whether listener or interrupt asked for the end. */
  boolean isCancelled() {
    return cancelled;
  }

  private int follow(
      CompletableFuture<Integer> status, MemorySegment loaded, MemorySegment cancel) {
    while (true) {
      try {
        int result = status.get(PERIOD.toMillis(), TimeUnit.MILLISECONDS);
        tell(loaded, cancel);
        return result;
      } catch (TimeoutException e) {
        tell(loaded, cancel);
      } catch (InterruptedException e) {
        cancel(cancel);
        int result = join(status);
        Thread.currentThread().interrupt();
        return result;
      } catch (ExecutionException e) {
        throw new QwqException(ErrorCode.INTERNAL, "Loading failed: " + e.getCause(), e);
      }
    }
  }

  private static int join(CompletableFuture<Integer> status) {
    try {
      return status.join();
    } catch (CompletionException e) {
      throw new QwqException(ErrorCode.INTERNAL, "Loading failed: " + e.getCause(), e);
    }
  }

  private void tell(MemorySegment loaded, MemorySegment cancel) {
    long bytes = (long) LOADED.getOpaque(loaded, 0L);
    if (!listener.update(Math.min(bytes, totalBytes), totalBytes)) {
      cancel(cancel);
    }
  }

  private void cancel(MemorySegment flag) {
    cancelled = true;
    CANCEL.setOpaque(flag, 0L, 1);
  }

  private static void joinWhateverHappens(Thread thread) {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
