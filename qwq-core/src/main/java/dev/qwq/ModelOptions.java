package dev.qwq;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** How a model is opened. Immutable and safe for use by many threads. */
public final class ModelOptions {
  /** How weights come into memory. */
  public enum Weights {
    /**
     * Mapped from the file and read as they are needed: opening takes no time and no second copy.
     * Replace such a file by renaming another over it; never write into it while it is open.
     */
    MAPPED,
    /** Read into memory at once: independent of the file afterwards. */
    LOADED
  }

  private static final ModelOptions DEFAULTS = builder().build();

  private final Backend backend;
  private final Optional<String> cpuIsa;
  private final List<String> cudaDevices;
  private final OptionalInt gpuLayers;
  private final long deviceReserve;
  private final int threads;
  private final boolean pinThreads;
  private final int contextLength;
  private final long kvCacheTokens;
  private final KvCacheType kvCacheType;
  private final int maxSequences;
  private final int maxQueued;
  private final Weights weights;
  private final boolean guardMapping;
  private final OptionalDouble yarnFactor;
  private final Optional<Path> draftModel;
  private final LoadProgress loadProgress;

  private ModelOptions(Builder builder) {
    backend = builder.backend;
    cpuIsa = Optional.ofNullable(builder.cpuIsa);
    cudaDevices = List.copyOf(builder.cudaDevices);
    gpuLayers = builder.gpuLayers;
    deviceReserve = builder.deviceReserve;
    threads = builder.threads;
    pinThreads = builder.pinThreads;
    contextLength = builder.contextLength;
    kvCacheTokens = builder.kvCacheTokens;
    kvCacheType = builder.kvCacheType;
    maxSequences = builder.maxSequences;
    maxQueued = builder.maxQueued;
    weights = builder.weights;
    guardMapping = builder.guardMapping;
    yarnFactor = builder.yarnFactor;
    draftModel = Optional.ofNullable(builder.draftModel);
    loadProgress = builder.loadProgress;
  }

  /**
   * Returns the options that suit most.
   *
   * @return the defaults
   */
  public static ModelOptions defaults() {
    return DEFAULTS;
  }

  /**
   * Begins options.
   *
   * @return a new builder with the defaults
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Returns what computes.
   *
   * @return the backend
   */
  public Backend backend() {
    return backend;
  }

  /**
   * Returns the instruction set to compute with.
   *
   * @return its name; empty: the best of this machine
   */
  public Optional<String> cpuIsa() {
    return cpuIsa;
  }

  /**
   * Returns the devices of the {@link Backend#CUDA} backend.
   *
   * @return their names; empty: the one that holds the whole model, else all that can be used
   */
  public List<String> cudaDevices() {
    return cudaDevices;
  }

  /**
   * Returns how many layers devices compute.
   *
   * @return 0 or more; empty: as many as their memory holds
   */
  public OptionalInt gpuLayers() {
    return gpuLayers;
  }

  /**
   * Returns how much memory of each device is left alone.
   *
   * @return bytes
   */
  public long deviceReserve() {
    return deviceReserve;
  }

  /**
   * Returns how many threads compute.
   *
   * @return 1 to 1024
   */
  public int threads() {
    return threads;
  }

  /**
   * Tells whether each thread that computes stays on a processor of its own.
   *
   * @return whether they do
   */
  public boolean pinThreads() {
    return pinThreads;
  }

  /**
   * Returns the longest conversation, in tokens.
   *
   * @return above 0, or 0: the model's own, or less if the free memory does not hold it
   */
  public int contextLength() {
    return contextLength;
  }

  /**
   * Returns how many tokens the KV cache holds, all sessions together.
   *
   * @return above 0, or 0: chosen by the free memory
   */
  public long kvCacheTokens() {
    return kvCacheTokens;
  }

  /**
   * Returns how the KV cache keeps elements.
   *
   * @return the type
   */
  public KvCacheType kvCacheType() {
    return kvCacheType;
  }

  /**
   * Returns how many replies are computed side by side.
   *
   * @return above 0
   */
  public int maxSequences() {
    return maxSequences;
  }

  /**
   * Returns how many replies may wait.
   *
   * @return above 0
   */
  public int maxQueued() {
    return maxQueued;
  }

  /**
   * Returns how weights come into memory.
   *
   * @return mapped or loaded
   */
  public Weights weights() {
    return weights;
  }

  /**
   * Tells whether mapped weights are guarded against a truncated file.
   *
   * @return whether they are
   */
  public boolean guardMapping() {
    return guardMapping;
  }

  /**
   * Returns the YaRN factor asked for.
   *
   * @return above 1; empty: what the model's files say
   */
  public OptionalDouble yarnFactor() {
    return yarnFactor;
  }

  /**
   * Returns the model that guesses the next tokens.
   *
   * @return its file or folder; empty: none
   */
  public Optional<Path> draftModel() {
    return draftModel;
  }

  /**
   * Returns who hears about the load.
   *
   * @return the listener
   */
  public LoadProgress loadProgress() {
    return loadProgress;
  }

  /** Builds {@link ModelOptions}. Not thread-safe. */
  public static final class Builder {
    private Backend backend = Backend.CPU;
    private @Nullable String cpuIsa;
    private List<String> cudaDevices = List.of();
    private OptionalInt gpuLayers = OptionalInt.empty();
    private long deviceReserve = 384L << 20;
    private int threads = Math.min(1024, Runtime.getRuntime().availableProcessors());
    private boolean pinThreads;
    private int contextLength;
    private long kvCacheTokens;
    private KvCacheType kvCacheType = KvCacheType.AUTO;
    private int maxSequences = 32;
    private int maxQueued = 1024;
    private Weights weights = Weights.MAPPED;
    private boolean guardMapping = true;
    private OptionalDouble yarnFactor = OptionalDouble.empty();
    private @Nullable Path draftModel;
    private LoadProgress loadProgress = (loaded, total) -> true;

    private Builder() {}

    /**
     * Sets what computes.
     *
     * @param value the backend; default {@link Backend#CPU}
     * @return this builder
     */
    public Builder backend(Backend value) {
      backend = Objects.requireNonNull(value, "backend");
      return this;
    }

    /**
     * Pins the instruction set of the {@link Backend#CPU} backend.
     *
     * @param name such as {@code avx2} or {@code neon}; by default the best that processor and
     *     operating system offer
     * @return this builder
     */
    public Builder cpuIsa(String name) {
      cpuIsa = Objects.requireNonNull(name, "cpuIsa");
      return this;
    }

    /**
     * Chooses the device of the {@link Backend#CUDA} backend, or several, which share the layers by
     * free memory.
     *
     * @param names numbers from 0 on, or {@code sim} or {@code sim:12GiB} for a simulated device,
     *     which checks every access of every kernel and takes minutes for what a device does in
     *     milliseconds; by default the device that holds the whole model, else all that can be used
     * @return this builder
     */
    public Builder cudaDevice(String... names) {
      cudaDevices = List.of(names);
      return this;
    }

    /**
     * Sets how many of the model's layers the devices compute, the last ones; the processor
     * computes the first ones in the same step.
     *
     * @param value 0 or more; by default as many as the devices' memory holds beside the context
     *     length that was set, or beside 8,192 tokens, and at least a quarter of them
     * @return this builder
     */
    public Builder gpuLayers(int value) {
      gpuLayers = OptionalInt.of(value);
      return this;
    }

    /**
     * Sets how much memory of each device is left alone, for the screen and for other programs.
     *
     * @param bytes 0 or more; default 384 MiB
     * @return this builder
     */
    public Builder deviceReserve(long bytes) {
      deviceReserve = bytes;
      return this;
    }

    /**
     * Sets how many threads compute. More of them than processors do no harm but bring nothing.
     *
     * @param value 1 to 1024; default: the processors this JVM may use, which taskset, cpusets and
     *     the CPU quota of a container limit
     * @return this builder
     */
    public Builder threads(int value) {
      threads = value;
      return this;
    }

    /**
     * Sets whether each thread that computes stays on a processor of its own, the first ones of
     * those the opening thread may use, instead of being moved by the operating system. It steadies
     * the speed of a machine that computes one model and does little else; two pinned models in a
     * process would share the same processors. Without effect where there are fewer processors than
     * threads, and outside Linux.
     *
     * @param value default {@code false}
     * @return this builder
     */
    public Builder pinThreads(boolean value) {
      pinThreads = value;
      return this;
    }

    /**
     * Sets the longest conversation. Memory for its KV cache is reserved when the model is opened.
     *
     * @param tokens above 0; default 0: the model's own length, or what the free memory holds
     * @return this builder
     */
    public Builder contextLength(int tokens) {
      contextLength = tokens;
      return this;
    }

    /**
     * Sets how many tokens the KV cache holds, all sessions together.
     *
     * @param tokens at least the context length; default 0: chosen by the free memory
     * @return this builder
     */
    public Builder kvCacheTokens(long tokens) {
      kvCacheTokens = tokens;
      return this;
    }

    /**
     * Sets how the KV cache keeps elements. {@link KvCacheType#Q8_0} nearly doubles the context
     * that fits the memory.
     *
     * @param value default {@link KvCacheType#AUTO}
     * @return this builder
     */
    public Builder kvCacheType(KvCacheType value) {
      kvCacheType = Objects.requireNonNull(value, "kvCacheType");
      return this;
    }

    /**
     * Sets how many replies are computed side by side; more of them wait their turn.
     *
     * @param value above 0; default 32
     * @return this builder
     */
    public Builder maxSequences(int value) {
      maxSequences = value;
      return this;
    }

    /**
     * Sets how many replies may wait; the next one fails with {@code QUEUE_FULL}.
     *
     * @param value above 0; default 1024
     * @return this builder
     */
    public Builder maxQueued(int value) {
      maxQueued = value;
      return this;
    }

    /**
     * Sets how weights come into memory.
     *
     * @param value mapped or loaded; default {@link Weights#MAPPED}
     * @return this builder
     */
    public Builder weights(Weights value) {
      weights = Objects.requireNonNull(value, "weights");
      return this;
    }

    /**
     * Sets whether mapped weights are guarded: if somebody truncates a mapped file, replies fail
     * with {@code WEIGHTS_DAMAGED} instead of the process ending. On Linux this installs a handler
     * for SIGBUS, which passes all other faults on to the handler before it; elsewhere it has no
     * effect.
     *
     * @param value default {@code true}
     * @return this builder
     */
    public Builder guardMapping(boolean value) {
      guardMapping = value;
      return this;
    }

    /**
     * Switches static YaRN on, in place of what the model's files say: positions are stretched by
     * this factor from the model's original context (that of its files' own YaRN, else 32,768 or
     * the model's context if that is shorter). QwQ reads 131,072 tokens with a factor of 4; short
     * texts lose a little quality, so use it for long ones only.
     *
     * @param value above 1
     * @return this builder
     */
    public Builder yarnFactor(double value) {
      yarnFactor = OptionalDouble.of(value);
      return this;
    }

    /**
     * Opens a smaller model beside this one that guesses what it will say next, see {@link
     * Speculation#DRAFT_MODEL}: for QwQ-32B a Qwen2.5 of 0.5 or 1.5 billion parameters. Both must
     * have the same tokens under the same ids; sizes of their vocabularies may differ. It has a KV
     * cache of its own, for as many tokens as this model's.
     *
     * @param value a GGUF file or a Hugging Face folder; none by default
     * @return this builder
     */
    public Builder draftModel(Path value) {
      draftModel = Objects.requireNonNull(value, "draftModel");
      return this;
    }

    /**
     * Sets who hears about loading weights into memory, and about copying them to devices; mapped
     * weights of the processor need neither.
     *
     * @param value the listener
     * @return this builder
     */
    public Builder loadProgress(LoadProgress value) {
      loadProgress = Objects.requireNonNull(value, "loadProgress");
      return this;
    }

    /**
     * Builds the options.
     *
     * @return the options
     * @throws QwqException with {@code INVALID_ARGUMENT}, naming the field that is out of its range
     */
    public ModelOptions build() {
      require(threads >= 1 && threads <= 1024, "threads", "1 to 1024", threads);
      require(contextLength >= 0, "contextLength", "0 (default) or more", contextLength);
      require(kvCacheTokens >= 0, "kvCacheTokens", "0 (default) or more", kvCacheTokens);
      require(
          kvCacheTokens == 0 || kvCacheTokens >= contextLength,
          "kvCacheTokens",
          "at least the context length of " + contextLength,
          kvCacheTokens);
      gpuLayers.ifPresent(layers -> require(layers >= 0, "gpuLayers", "0 or more", layers));
      require(deviceReserve >= 0, "deviceReserve", "0 or more", deviceReserve);
      require(maxSequences > 0, "maxSequences", "above 0", maxSequences);
      require(maxQueued > 0, "maxQueued", "above 0", maxQueued);
      yarnFactor.ifPresent(
          factor -> require(factor > 1 && factor <= 1024, "yarnFactor", "above 1", factor));
      return new ModelOptions(this);
    }

    private static void require(boolean holds, String field, String expected, Number found) {
      if (!holds) {
        throw new QwqException(
            ErrorCode.INVALID_ARGUMENT, field + ": expected " + expected + ", found " + found);
      }
    }
  }
}
