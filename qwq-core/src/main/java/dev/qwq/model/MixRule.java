package dev.qwq.model;

import dev.qwq.weights.DType;

/**
 * One line of a mix: matrices of this role, in these layers, get this format.
 *
 * @param role which matrices
 * @param where in which layers of which models
 * @param format what they get
 */
record MixRule(TensorRole role, Where where, DType format) {
  /** A choice of layers; eighths and sixteenths are rounded down. */
  enum Where {
    EVERYWHERE,
    /** All layers of models with four query heads or more for each key and value head. */
    GROUPED_QUERIES,
    FIRST_2,
    FIRST_4,
    FIRST_SIXTEENTH,
    FIRST_EIGHTH,
    /** The first and the last eighth, and every third layer between. */
    SENSITIVE;

    boolean holds(int layer, ModelConfig config) {
      int layers = config.layers();
      int eighth = layers / 8;
      return switch (this) {
        case EVERYWHERE -> true;
        case GROUPED_QUERIES -> config.heads() / config.kvHeads() >= 4;
        case FIRST_2 -> layer < 2;
        case FIRST_4 -> layer < 4;
        case FIRST_SIXTEENTH -> layer < layers / 16;
        case FIRST_EIGHTH -> layer < eighth;
        case SENSITIVE -> layer < eighth || layer >= 7 * layers / 8 || (layer - eighth) % 3 == 2;
      };
    }
  }

  boolean applies(TensorRole to, int layer, ModelConfig config) {
    return role == to && where.holds(layer, config);
  }
}
