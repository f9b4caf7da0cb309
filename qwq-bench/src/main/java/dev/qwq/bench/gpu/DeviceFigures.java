package dev.qwq.bench.gpu;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one model measured on a device.
 *
 * @param model its file's name
 * @param deviceLayers layers on devices
 * @param layers all layers
 * @param weightBytes weights on devices, which a step reads once
 * @param contextLength the longest conversation that fits
 * @param kvCacheTokens tokens that the KV cache holds
 * @param loadSeconds time to open it
 * @param decode generating
 * @param prefill reading prompts
 */
record DeviceFigures(
    String model,
    int deviceLayers,
    int layers,
    long weightBytes,
    int contextLength,
    long kvCacheTokens,
    double loadSeconds,
    List<Decode> decode,
    List<Prefill> prefill) {

  /**
   * Sequences that generate side by side.
   *
   * @param batch how many
   * @param context tokens that each has read
   * @param tokensPerSecond of all together
   * @param bytesPerSecond weights and KV cache that must be read for that
   * @param shareOfCopy of the bandwidth of copies; null if that was not measured
   */
  record Decode(
      int batch,
      int context,
      double tokensPerSecond,
      double bytesPerSecond,
      @Nullable Double shareOfCopy) {}

  /**
   * A prompt.
   *
   * @param tokens how long
   * @param tokensPerSecond speed
   * @param operationsPerSecond of the matrices, attention left out
   * @param shareOfBf16 of the rate of bf16 products; null if that was not measured
   */
  record Prefill(
      int tokens,
      double tokensPerSecond,
      double operationsPerSecond,
      @Nullable Double shareOfBf16) {}
}
