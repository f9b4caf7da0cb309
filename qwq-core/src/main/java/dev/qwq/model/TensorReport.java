package dev.qwq.model;

import dev.qwq.weights.DType;
import java.util.List;

/**
 * What became of a tensor.
 *
 * @param name its GGUF name
 * @param shape its shape, outermost first
 * @param from the format it had
 * @param to the format it has
 * @param sourceBytes the size it had
 * @param bytes the size it has
 * @param error how far its values moved
 */
public record TensorReport(
    String name,
    List<Long> shape,
    DType from,
    DType to,
    long sourceBytes,
    long bytes,
    EncodingError error) {}
