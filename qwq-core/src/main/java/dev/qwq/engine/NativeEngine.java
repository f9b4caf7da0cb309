package dev.qwq.engine;

import dev.qwq.nativelib.ffi.Qwq;
import dev.qwq.nativelib.ffi.qwq_engine_config;
import dev.qwq.nativelib.ffi.qwq_error;
import dev.qwq.nativelib.ffi.qwq_memory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/**
 * The native engine: KV cache, workspace and worker threads for one model. The thread that steps is
 * the first worker of its pool.
 */
final class NativeEngine implements Stepper, AutoCloseable {
  /** Bytes an engine takes from the heap. */
  record Memory(long kvCacheBytes, long kvBytesPerToken, long workspaceBytes) {}

  private final MemorySegment handle;
  private final long blockBytes;
  // Closed by the engine thread, created by whoever opens the engine.
  private final Arena arena = Arena.ofShared();
  private final MemorySegment error = qwq_error.allocate(arena);

  /**
   * Takes the memory and starts the threads.
   *
   * @throws dev.qwq.QwqException with {@code UNSUPPORTED_BACKEND}, {@code OUT_OF_MEMORY} or {@code
   *     INVALID_ARGUMENT}
   */
  NativeEngine(NativeModel model, EngineOptions options, int threads, int kvBlocks) {
    blockBytes = memory(model, options, threads, 1).kvCacheBytes();
    boolean created = false;
    try (Arena scratch = Arena.ofConfined()) {
      MemorySegment out = scratch.allocate(Qwq.C_POINTER);
      MemorySegment config = config(options, threads, kvBlocks, scratch);
      NativeCalls.check(Qwq.qwq_engine_create(model.handle(), config, out, error), error);
      handle = out.get(Qwq.C_POINTER, 0);
      created = true;
    } finally {
      if (!created) {
        arena.close();
      }
    }
  }

  /** Computes what an engine would take, without taking it. */
  static Memory memory(NativeModel model, EngineOptions options, int threads, int kvBlocks) {
    try (Arena scratch = Arena.ofConfined()) {
      MemorySegment error = qwq_error.allocate(scratch);
      MemorySegment out = qwq_memory.allocate(scratch);
      MemorySegment config = config(options, threads, kvBlocks, scratch);
      NativeCalls.check(Qwq.qwq_engine_memory(model.handle(), config, out, error), error);
      return new Memory(
          qwq_memory.kv_cache_bytes(out),
          qwq_memory.kv_bytes_per_token(out),
          qwq_memory.workspace_bytes(out));
    }
  }

  private static MemorySegment config(
      EngineOptions options, int threads, int kvBlocks, Arena arena) {
    MemorySegment config = qwq_engine_config.allocate(arena);
    qwq_engine_config.backend(config, options.backend().nativeValue());
    qwq_engine_config.n_threads(config, threads);
    String variant =
        options.backend() == BackendKind.CUDA ? options.cudaDevice() : options.cpuIsa();
    if (variant != null) {
      // Shorter than the field by EngineOptions; the rest is zero.
      byte[] name = variant.getBytes(StandardCharsets.US_ASCII);
      MemorySegment.copy(name, 0, qwq_engine_config.cpu_isa(config), Qwq.C_CHAR, 0, name.length);
    }
    qwq_engine_config.kv_block_size(config, options.kvBlockSize());
    qwq_engine_config.n_kv_blocks(config, kvBlocks);
    qwq_engine_config.max_batch_tokens(config, options.maxBatchTokens());
    qwq_engine_config.max_sequences(config, options.maxSequences());
    qwq_engine_config.kv_type(
        config,
        switch (options.kvCacheType()) {
          case F16 -> Qwq.QWQ_KV_F16();
          case Q8_0 -> Qwq.QWQ_KV_Q8_0();
        });
    qwq_engine_config.pin_threads(config, options.pinThreads() ? 1 : 0);
    return config;
  }

  /** Name of the instruction set in use. */
  String isa() {
    return Qwq.qwq_engine_isa(handle).getString(0);
  }

  @Override
  public boolean step(StepBatch batch) {
    int status = Qwq.qwq_step(handle, batch.struct(), error);
    if (status == Qwq.QWQ_CANCELLED()) {
      return false;
    }
    NativeCalls.check(status, error);
    return true;
  }

  @Override
  public void copyBlock(int from, int to) {
    NativeCalls.check(Qwq.qwq_kv_copy(handle, from, to, error), error);
  }

  @Override
  public long blockBytes() {
    return blockBytes;
  }

  @Override
  public void readBlock(int block, MemorySegment destination) {
    NativeCalls.check(
        Qwq.qwq_kv_read(handle, block, destination, destination.byteSize(), error), error);
  }

  @Override
  public void writeBlock(int block, MemorySegment source) {
    NativeCalls.check(Qwq.qwq_kv_write(handle, block, source, source.byteSize(), error), error);
  }

  /** Joins the workers and frees the memory; no step may be running. */
  @Override
  public void close() {
    Qwq.qwq_engine_destroy(handle);
    arena.close();
  }
}
