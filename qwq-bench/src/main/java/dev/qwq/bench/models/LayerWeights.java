package dev.qwq.bench.models;

import dev.qwq.model.ModelSource;
import dev.qwq.weights.TensorInfo;

/** What the speed of prompts is judged by. */
public final class LayerWeights {
  private LayerWeights() {}

  /**
   * Counts the weights that each token of a prompt is multiplied with.
   *
   * @param source the model
   * @return elements of all matrices of the layers
   */
  public static long of(ModelSource source) {
    return source.tensors().stream()
        .filter(tensor -> tensor.name().startsWith("blk.") && tensor.shape().size() == 2)
        .mapToLong(TensorInfo::elements)
        .sum();
  }
}
