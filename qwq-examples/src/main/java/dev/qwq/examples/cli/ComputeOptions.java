package dev.qwq.examples.cli;

import dev.qwq.Backend;
import dev.qwq.KvCacheType;
import dev.qwq.ModelOptions;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** How a model computes. */
final class ComputeOptions {
  private static final long MEBIBYTE = 1L << 20;

  @Option(
      names = "--backend",
      paramLabel = "reference|cpu|cuda",
      converter = BackendName.class,
      description =
          "What computes; reference is slow and exact, cuda needs a library of its own (default:"
              + " cuda if a device is named, else cpu).")
  private @Nullable Backend backend;

  @Option(
      names = "--cpu-isa",
      paramLabel = "NAME",
      description = "Instruction set of the cpu backend, such as avx2 or neon (default: the best).")
  private @Nullable String cpuIsa;

  @Option(
      names = "--device",
      paramLabel = "N|sim",
      split = ",",
      description =
          "Devices of the cuda backend: 0,1 share the layers; sim and sim:12GiB are simulations,"
              + " for tests (default: the one that holds the model, else all).")
  private List<String> cudaDevices = List.of();

  @Option(
      names = "--gpu-layers",
      paramLabel = "auto|N",
      defaultValue = "auto",
      converter = LayerCount.class,
      description =
          "Layers that devices compute, the rest is the processor's (default: as many as fit).")
  private OptionalInt gpuLayers = OptionalInt.empty();

  @Option(
      names = "--gpu-reserve",
      paramLabel = "MIB",
      description = "Memory of each device that is left alone (default: 384).")
  private @Nullable Long gpuReserve;

  @Option(
      names = {"-t", "--threads"},
      paramLabel = "N",
      description = "Threads that compute (default: one per processor).")
  private @Nullable Integer threads;

  @Option(
      names = "--ctx",
      paramLabel = "N",
      description =
          "Longest conversation in tokens (default: the model's, or what free memory holds).")
  private @Nullable Integer contextLength;

  @Option(
      names = "--kv",
      paramLabel = "auto|f16|i16|q8_0",
      defaultValue = "auto",
      converter = KvName.class,
      description =
          "How the KV cache keeps elements: i16, which the processor alone computes with fastest,"
              + " or f16, which GPUs do; q8_0 takes 53 %% of the memory (default: ${DEFAULT-VALUE},"
              + " i16 or f16).")
  private KvCacheType kvCacheType = KvCacheType.AUTO;

  @Option(names = "--pin", description = "Keep each thread on a processor of its own.")
  private boolean pinThreads;

  @Option(
      names = "--load",
      paramLabel = "mapped|loaded",
      defaultValue = "mapped",
      description = "Map the weights from their file, or read them at once (default: mapped).")
  private ModelOptions.Weights weights = ModelOptions.Weights.MAPPED;

  @Option(
      names = "--yarn",
      paramLabel = "FACTOR",
      description =
          "Stretch positions by this factor; QwQ needs 4 beyond 8,192 tokens (default: as the"
              + " model's files say).")
  private @Nullable Double yarnFactor;

  /** Tells whether it was said what computes. */
  boolean choosesBackend() {
    return backend != null || !cudaDevices.isEmpty() || gpuLayers.isPresent();
  }

  /** Returns the devices that were named. */
  List<String> cudaDevices() {
    return cudaDevices;
  }

  private Backend backend() {
    if (backend != null) {
      return backend;
    }
    return choosesBackend() ? Backend.CUDA : Backend.CPU;
  }

  /** Returns these options for the API. */
  ModelOptions.Builder builder() {
    ModelOptions.Builder builder =
        ModelOptions.builder()
            .backend(backend())
            .cudaDevice(cudaDevices.toArray(String[]::new))
            .weights(weights)
            .kvCacheType(kvCacheType)
            .pinThreads(pinThreads);
    if (cpuIsa != null) {
      builder.cpuIsa(cpuIsa);
    }
    gpuLayers.ifPresent(builder::gpuLayers);
    if (gpuReserve != null) {
      builder.deviceReserve(gpuReserve * MEBIBYTE);
    }
    if (threads != null) {
      builder.threads(threads);
    }
    if (contextLength != null) {
      builder.contextLength(contextLength);
    }
    if (yarnFactor != null) {
      builder.yarnFactor(yarnFactor);
    }
    return builder;
  }

  /** Returns these options for a context just long enough, unless another length was given. */
  ModelOptions.Builder builderFor(int tokens) {
    return contextLength == null ? builder().contextLength(tokens) : builder();
  }

  /** Reads a backend's name. */
  static final class BackendName implements ITypeConverter<Backend> {
    @Override
    public Backend convert(String value) {
      return switch (value.toLowerCase(Locale.ROOT)) {
        case "reference" -> Backend.REFERENCE;
        case "cpu" -> Backend.CPU;
        case "cuda" -> Backend.CUDA;
        default ->
            throw new TypeConversionException(
                "expected reference, cpu or cuda, found '" + value + "'");
      };
    }
  }

  /** Reads a number of layers. */
  static final class LayerCount implements ITypeConverter<OptionalInt> {
    @Override
    public OptionalInt convert(String value) {
      if (value.equalsIgnoreCase("auto")) {
        return OptionalInt.empty();
      }
      if (!value.matches("[0-9]{1,4}")) {
        throw new TypeConversionException("expected auto or a number, found '" + value + "'");
      }
      return OptionalInt.of(Integer.parseInt(value));
    }
  }

  /** Reads the name of a KV cache's type. */
  static final class KvName implements ITypeConverter<KvCacheType> {
    @Override
    public KvCacheType convert(String value) {
      return switch (value.toLowerCase(Locale.ROOT)) {
        case "auto" -> KvCacheType.AUTO;
        case "f16" -> KvCacheType.F16;
        case "i16" -> KvCacheType.I16;
        case "q8_0" -> KvCacheType.Q8_0;
        default ->
            throw new TypeConversionException(
                "expected auto, f16, i16 or q8_0, found '" + value + "'");
      };
    }
  }
}
