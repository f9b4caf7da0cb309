package dev.qwq.engine;

import dev.qwq.ErrorCode;
import dev.qwq.KvCacheType;
import dev.qwq.QwqException;
import org.jspecify.annotations.Nullable;

/**
 * How an engine is set up. Immutable; out-of-range values are refused by the constructor with
 * {@link ErrorCode#INVALID_ARGUMENT}, naming the option.
 *
 * @param backend what computes; default {@link BackendKind#CPU}
 * @param cpuIsa instruction set of the cpu backend, such as {@code avx2} or {@code neon}; null
 *     (default) = the best this machine has
 * @param devices which devices the cuda backend takes, and how much of them
 * @param threads threads that compute, 1 to 1024; 0 (default) = the processors available to the JVM
 * @param contextLength most tokens of a conversation, prompt and answer together; 0 (default) = the
 *     smaller of the model's own limit and what fits the free memory
 * @param kvCacheTokens tokens of all conversations together that the KV cache keeps; 0 (default) =
 *     several full contexts within a share of the free memory, one context at least
 * @param kvBlockSize tokens a KV block holds, a power of two from 16 to 256; default 32
 * @param kvCacheType how the KV cache keeps elements; default {@link KvCacheType#AUTO}
 * @param maxBatchTokens most tokens of one step, all sequences together, at least {@code
 *     maxSequences} and at most 65,536; default 512
 * @param maxSequences most generations that run at the same time, 1 to 4096; default 64
 * @param maxQueued most generations that may wait beside {@code maxSequences} running ones, 0 or
 *     more; default 1024
 * @param guardMapping whether a mapped weight file that somebody truncates fails the steps that
 *     read it, by a handler for SIGBUS, instead of ending the process; default true
 * @param pinThreads whether each thread that computes stays on a processor of its own; default
 *     false
 */
public record EngineOptions(
    BackendKind backend,
    @Nullable String cpuIsa,
    DeviceOptions devices,
    int threads,
    int contextLength,
    long kvCacheTokens,
    int kvBlockSize,
    KvCacheType kvCacheType,
    int maxBatchTokens,
    int maxSequences,
    int maxQueued,
    boolean guardMapping,
    boolean pinThreads) {

  private static final int MAX_THREADS = 1024;
  private static final int MAX_SEQUENCES = 4096;
  private static final int MAX_BATCH_TOKENS = 1 << 16;
  // Bytes of qwq_engine_config.cpu_isa, without the terminating NUL.
  private static final int MAX_ISA_LENGTH = 23;

  /** Checks every option. */
  public EngineOptions {
    if (cpuIsa != null) {
      if (backend != BackendKind.CPU) {
        throw invalid("cpuIsa", "null for backend " + backend, cpuIsa);
      }
      if (cpuIsa.isEmpty()
          || cpuIsa.length() > MAX_ISA_LENGTH
          || !cpuIsa.chars().allMatch(c -> c > ' ' && c < 0x7F)) {
        throw invalid("cpuIsa", "the name of an instruction set", "'" + cpuIsa + "'");
      }
    }
    if (!devices.names().isEmpty() && backend != BackendKind.CUDA) {
      throw invalid(
          "cudaDevices", "none for backend " + backend, String.join(", ", devices.names()));
    }
    if (devices.layers() != DeviceOptions.ALL_THAT_FIT && backend != BackendKind.CUDA) {
      throw invalid("gpuLayers", "none for backend " + backend, String.valueOf(devices.layers()));
    }
    if (kvCacheType == KvCacheType.I16 && backend == BackendKind.CUDA) {
      throw invalid("kvCacheType", "AUTO, F16 or Q8_0 for backend CUDA", "I16");
    }
    checkRange("threads", threads, 0, MAX_THREADS);
    checkRange("contextLength", contextLength, 0, Integer.MAX_VALUE);
    if (kvCacheTokens < 0) {
      throw invalid("kvCacheTokens", "0 or more", String.valueOf(kvCacheTokens));
    }
    if (kvCacheTokens > 0 && kvCacheTokens < contextLength) {
      throw invalid(
          "kvCacheTokens",
          "0 or at least contextLength (" + contextLength + ")",
          String.valueOf(kvCacheTokens));
    }
    checkRange("kvBlockSize", kvBlockSize, 16, 256);
    if (Integer.bitCount(kvBlockSize) != 1) {
      throw invalid("kvBlockSize", "a power of two", String.valueOf(kvBlockSize));
    }
    checkRange("maxSequences", maxSequences, 1, MAX_SEQUENCES);
    checkRange("maxBatchTokens", maxBatchTokens, 1, MAX_BATCH_TOKENS);
    if (maxBatchTokens < maxSequences) {
      // Else a step could not take one token of every running generation.
      throw invalid(
          "maxBatchTokens",
          "at least maxSequences (" + maxSequences + ")",
          String.valueOf(maxBatchTokens));
    }
    checkRange("maxQueued", maxQueued, 0, Integer.MAX_VALUE);
  }

  /**
   * Returns the defaults.
   *
   * @return options with every value at its default
   */
  public static EngineOptions defaults() {
    return new Builder().build();
  }

  /**
   * Returns a builder that starts with the defaults.
   *
   * @return a new builder
   */
  public static Builder builder() {
    return new Builder();
  }

  private static void checkRange(String option, int value, int least, int most) {
    if (value < least || value > most) {
      throw invalid(option, least + " to " + most, String.valueOf(value));
    }
  }

  private static QwqException invalid(String option, String expected, String found) {
    return new QwqException(
        ErrorCode.INVALID_ARGUMENT, option + ": expected " + expected + ", found " + found);
  }

  /** Collects options; see the record for meaning, range and default of each. Not thread-safe. */
  public static final class Builder {
    private BackendKind backend = BackendKind.CPU;
    private @Nullable String cpuIsa;
    private DeviceOptions devices = DeviceOptions.defaults();
    private int threads;
    private int contextLength;
    private long kvCacheTokens;
    private int kvBlockSize = 32;
    private KvCacheType kvCacheType = KvCacheType.AUTO;
    private int maxBatchTokens = 512;
    private int maxSequences = 64;
    private int maxQueued = 1024;
    private boolean guardMapping = true;
    private boolean pinThreads;

    private Builder() {}

    /**
     * Sets what computes.
     *
     * @param value the backend
     * @return this
     */
    public Builder backend(BackendKind value) {
      backend = value;
      return this;
    }

    /**
     * Sets the instruction set of the cpu backend.
     *
     * @param value its name, or null for the best
     * @return this
     */
    public Builder cpuIsa(@Nullable String value) {
      cpuIsa = value;
      return this;
    }

    /**
     * Sets the devices of the cuda backend.
     *
     * @param value which, and how much of them
     * @return this
     */
    public Builder devices(DeviceOptions value) {
      devices = value;
      return this;
    }

    /**
     * Sets how many threads compute.
     *
     * @param value their number, or 0
     * @return this
     */
    public Builder threads(int value) {
      threads = value;
      return this;
    }

    /**
     * Sets the most tokens of a conversation.
     *
     * @param value tokens, or 0
     * @return this
     */
    public Builder contextLength(int value) {
      contextLength = value;
      return this;
    }

    /**
     * Sets the size of the KV cache.
     *
     * @param value tokens, or 0
     * @return this
     */
    public Builder kvCacheTokens(long value) {
      kvCacheTokens = value;
      return this;
    }

    /**
     * Sets the size of a KV block.
     *
     * @param value tokens
     * @return this
     */
    public Builder kvBlockSize(int value) {
      kvBlockSize = value;
      return this;
    }

    /**
     * Sets how the KV cache keeps elements.
     *
     * @param value the type
     * @return this
     */
    public Builder kvCacheType(KvCacheType value) {
      kvCacheType = value;
      return this;
    }

    /**
     * Sets the most tokens of a step.
     *
     * @param value tokens
     * @return this
     */
    public Builder maxBatchTokens(int value) {
      maxBatchTokens = value;
      return this;
    }

    /**
     * Sets the most generations that run at the same time.
     *
     * @param value their number
     * @return this
     */
    public Builder maxSequences(int value) {
      maxSequences = value;
      return this;
    }

    /**
     * Sets the most generations that wait.
     *
     * @param value their number
     * @return this
     */
    public Builder maxQueued(int value) {
      maxQueued = value;
      return this;
    }

    /**
     * Sets whether mapped weights are guarded against truncation.
     *
     * @param value whether they are
     * @return this
     */
    public Builder guardMapping(boolean value) {
      guardMapping = value;
      return this;
    }

    /**
     * Sets whether threads stay on processors of their own.
     *
     * @param value whether they do
     * @return this
     */
    public Builder pinThreads(boolean value) {
      pinThreads = value;
      return this;
    }

    /**
     * Builds the options.
     *
     * @return immutable options
     * @throws QwqException with {@code INVALID_ARGUMENT} naming the option that is out of range
     */
    public EngineOptions build() {
      return new EngineOptions(
          backend,
          cpuIsa,
          devices,
          threads,
          contextLength,
          kvCacheTokens,
          kvBlockSize,
          kvCacheType,
          maxBatchTokens,
          maxSequences,
          maxQueued,
          guardMapping,
          pinThreads);
    }
  }
}
