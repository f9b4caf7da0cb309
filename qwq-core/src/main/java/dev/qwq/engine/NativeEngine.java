package dev.qwq.engine;

import dev.qwq.nativelib.ffi.Qwq;
import dev.qwq.nativelib.ffi.qwq_engine_config;
import dev.qwq.nativelib.ffi.qwq_error;
import dev.qwq.nativelib.ffi.qwq_memory;
import dev.qwq.nativelib.ffi.qwq_placement;
import dev.qwq.nativelib.ffi.qwq_placement_memory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CancellationException;

/**
 * The native engine: KV cache, workspace and worker threads for one model. The thread that steps is
 * the first worker of its pool.
 */
final class NativeEngine implements Stepper, AutoCloseable {
  /** Bytes an engine takes, in all places together, and how its KV cache is laid out. */
  record Memory(String kvLayout, long kvCacheBytes, long kvBytesPerToken, long workspaceBytes) {}

  /** Bytes that a run of layers takes where it is computed; weights only on devices. */
  record RunMemory(long weightBytes, long kvCacheBytes, long workspaceBytes) {
    long bytes() {
      return weightBytes + kvCacheBytes + workspaceBytes;
    }
  }

  private final MemorySegment handle;
  private final long blockBytes;
  // Closed by the engine thread, created by whoever opens the engine.
  private final Arena arena = Arena.ofShared();
  private final MemorySegment error = qwq_error.allocate(arena);

  /**
   * Takes the memory and starts the threads.
   *
   * @param stream hears of weights that are copied to devices
   * @throws dev.qwq.QwqException with {@code UNSUPPORTED_BACKEND}, {@code OUT_OF_MEMORY} or {@code
   *     INVALID_ARGUMENT}
   * @throws CancellationException if the stream was cancelled
   */
  NativeEngine(NativeModel model, EngineSetup setup, WeightStream stream) {
    blockBytes = memory(model, setup).kvBytesPerToken() * setup.options().kvBlockSize();
    boolean created = false;
    try (Arena scratch = Arena.ofShared()) {
      MemorySegment out = scratch.allocate(Qwq.C_POINTER);
      MemorySegment config = config(setup, scratch);
      int status =
          stream.run(
              config, () -> Qwq.qwq_engine_create(model.handle(), config, out, error), scratch);
      if (stream.isCancelled()) {
        Qwq.qwq_engine_destroy(out.get(Qwq.C_POINTER, 0));
        throw new CancellationException("loading was cancelled");
      }
      NativeCalls.check(status, error);
      handle = out.get(Qwq.C_POINTER, 0);
      created = true;
    } finally {
      if (!created) {
        arena.close();
      }
    }
  }

  /** Computes what an engine would take, without taking it. */
  static Memory memory(NativeModel model, EngineSetup setup) {
    try (Arena scratch = Arena.ofConfined()) {
      MemorySegment error = qwq_error.allocate(scratch);
      MemorySegment out = qwq_memory.allocate(scratch);
      MemorySegment config = config(setup, scratch);
      NativeCalls.check(Qwq.qwq_engine_memory(model.handle(), config, out, error), error);
      return new Memory(
          qwq_memory.kv_layout(out).getString(0),
          qwq_memory.kv_cache_bytes(out),
          qwq_memory.kv_bytes_per_token(out),
          qwq_memory.workspace_bytes(out));
    }
  }

  /** Computes what one run of layers would take, without taking it; no device is asked. */
  static RunMemory memory(NativeModel model, EngineSetup setup, int run) {
    try (Arena scratch = Arena.ofConfined()) {
      MemorySegment error = qwq_error.allocate(scratch);
      MemorySegment out = qwq_placement_memory.allocate(scratch);
      MemorySegment config = config(setup, scratch);
      NativeCalls.check(
          Qwq.qwq_engine_placement_memory(model.handle(), config, run, out, error), error);
      return new RunMemory(
          qwq_placement_memory.weights_bytes(out),
          qwq_placement_memory.kv_cache_bytes(out),
          qwq_placement_memory.workspace_bytes(out));
    }
  }

  private static MemorySegment config(EngineSetup setup, Arena arena) {
    EngineOptions options = setup.options();
    MemorySegment config = qwq_engine_config.allocate(arena);
    qwq_engine_config.backend(config, options.backend().nativeValue());
    qwq_engine_config.n_threads(config, setup.threads());
    if (options.cpuIsa() != null) {
      setName(qwq_engine_config.cpu_isa(config), options.cpuIsa());
    } else if (options.backend() == BackendKind.CUDA && !setup.runs().isEmpty()) {
      // Of placed layers no field but theirs counts.
      MemorySegment runs = qwq_placement.allocateArray(setup.runs().size(), arena);
      for (int i = 0; i < setup.runs().size(); i++) {
        MemorySegment run = qwq_placement.asSlice(runs, i);
        setName(qwq_placement.device(run), setup.runs().get(i).device());
        qwq_placement.n_layers(run, setup.runs().get(i).layers());
      }
      qwq_engine_config.placements(config, runs);
      qwq_engine_config.n_placements(config, setup.runs().size());
    } else if (!options.devices().names().isEmpty()) {
      setName(qwq_engine_config.cpu_isa(config), options.devices().names().getFirst());
    }
    qwq_engine_config.kv_block_size(config, options.kvBlockSize());
    qwq_engine_config.n_kv_blocks(config, setup.kvBlocks());
    qwq_engine_config.max_batch_tokens(config, options.maxBatchTokens());
    qwq_engine_config.max_sequences(config, options.maxSequences());
    qwq_engine_config.kv_type(
        config,
        switch (options.kvCacheType()) {
          case AUTO -> Qwq.QWQ_KV_AUTO();
          case F16 -> Qwq.QWQ_KV_F16();
          case I16 -> Qwq.QWQ_KV_I16();
          case Q8_0 -> Qwq.QWQ_KV_Q8_0();
        });
    qwq_engine_config.pin_threads(config, options.pinThreads() ? 1 : 0);
    return config;
  }

  /** Options keep names shorter than the field; the rest is zero. */
  private static void setName(MemorySegment field, String name) {
    byte[] bytes = name.getBytes(StandardCharsets.US_ASCII);
    MemorySegment.copy(bytes, 0, field, Qwq.C_CHAR, 0, bytes.length);
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
