package dev.qwq.model;

import dev.qwq.weights.ByteProgress;

/** Is told how far the loading of a model has come, and may stop it. */
@FunctionalInterface
public interface LoadProgress extends ByteProgress {
  /** Looks away and never stops. */
  LoadProgress NONE = (done, total) -> true;
}
