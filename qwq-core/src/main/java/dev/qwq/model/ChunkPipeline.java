package dev.qwq.model;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.BiConsumer;

/**
 * Makes the data of tensors in chunks of rows on several threads, and hands the chunks over in
 * order. What is made depends on the rows alone, never on the number of threads.
 *
 * <p>For one caller.
 */
final class ChunkPipeline implements AutoCloseable {
  /** Enough for a call to weigh little, few enough for the floats to stay near the core. */
  static final long CHUNK_ELEMENTS = 1 << 18;

  private static final int BUFFERS_PER_THREAD = 3;

  private final ExecutorService workers;
  private final Arena arena = Arena.ofShared();
  private final Deque<MemorySegment> free = new ArrayDeque<>();
  private long bufferBytes;
  private final int buffers;

  /**
   * Makes some rows. Called by several threads at a time.
   *
   * @param <R> what it tells about them
   */
  @FunctionalInterface
  interface Producer<R> {
    /** Writes the bytes of {@code rows} rows from {@code firstRow} on; they fill {@code target}. */
    R fill(long firstRow, long rows, MemorySegment target);
  }

  private record Pending<R>(Future<R> task, MemorySegment buffer, long bytes) {}

  ChunkPipeline(int threads) {
    workers =
        Executors.newFixedThreadPool(
            threads, Thread.ofPlatform().daemon().name("qwq-encoder-", 0).factory());
    buffers = threads * BUFFERS_PER_THREAD;
  }

  /** Makes one tensor; {@code consumer} sees its chunks in order, on the calling thread. */
  <R> void run(
      long rows,
      long cols,
      long rowBytes,
      Producer<R> producer,
      BiConsumer<MemorySegment, R> consumer) {
    Deque<Pending<R>> pending = new ArrayDeque<>();
    long chunkRows = Math.clamp(CHUNK_ELEMENTS / cols, 1, rows);
    provideBuffers(Math.multiplyExact(chunkRows, rowBytes));
    for (long row = 0; row < rows; row += chunkRows) {
      if (free.isEmpty()) {
        takeOldest(pending, consumer);
      }
      long first = row;
      long count = Math.min(chunkRows, rows - row);
      MemorySegment buffer = free.removeFirst();
      MemorySegment target = buffer.asSlice(0, count * rowBytes);
      pending.addLast(
          new Pending<>(
              workers.submit(() -> producer.fill(first, count, target)),
              buffer,
              target.byteSize()));
    }
    while (!pending.isEmpty()) {
      takeOldest(pending, consumer);
    }
  }

  /** Stops the threads and frees the buffers. */
  @Override
  public void close() {
    workers.shutdownNow();
    workers.close();
    arena.close();
  }

  // Old buffers stay in the arena: they are few, and sizes come in a handful.
  private void provideBuffers(long bytes) {
    if (bytes <= bufferBytes) {
      return;
    }
    free.clear();
    for (int i = 0; i < buffers; i++) {
      free.add(arena.allocate(bytes, ValueLayout.JAVA_LONG.byteAlignment()));
    }
    bufferBytes = bytes;
  }

  private <R> void takeOldest(Deque<Pending<R>> pending, BiConsumer<MemorySegment, R> consumer) {
    Pending<R> oldest = pending.removeFirst();
    R made;
    try {
      made = oldest.task().get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof QwqException failure) {
        throw failure;
      }
      throw new QwqException(ErrorCode.INTERNAL, "encoding failed: " + e.getCause(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException("interrupted");
    }
    consumer.accept(oldest.buffer().asSlice(0, oldest.bytes()), made);
    free.addLast(oldest.buffer());
  }
}
