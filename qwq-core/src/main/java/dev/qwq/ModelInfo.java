package dev.qwq;

/**
 * An open model in numbers.
 *
 * @param architecture such as {@code qwen2}
 * @param layers number of layers
 * @param hiddenSize width of the residual stream
 * @param vocabSize rows of the embedding matrix, padding included
 * @param backend what computes
 * @param cpuIsa the instruction set in use, {@code reference} for the reference backend
 * @param threads threads that compute
 * @param contextLength the longest conversation, in tokens
 * @param trainedContextLength the longest conversation the model's files promise
 * @param weightBytes bytes of all weights
 * @param kvLayout how the KV cache keeps and orders elements: {@code f16}, {@code f32}, {@code
 *     q8_0}, {@code i16}, or {@code i8}, the values of {@code q8_0} in an order of the processor's
 *     own
 * @param kvBytesPerToken bytes the KV cache takes for each token
 * @param kvCacheBytes bytes reserved for the KV cache
 * @param workspaceBytes bytes taken for everything else
 */
public record ModelInfo(
    String architecture,
    int layers,
    int hiddenSize,
    int vocabSize,
    Backend backend,
    String cpuIsa,
    int threads,
    int contextLength,
    int trainedContextLength,
    long weightBytes,
    String kvLayout,
    long kvBytesPerToken,
    long kvCacheBytes,
    long workspaceBytes) {}
