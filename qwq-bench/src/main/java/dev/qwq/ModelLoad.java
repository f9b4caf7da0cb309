package dev.qwq;

import dev.qwq.engine.EngineLoad;

/** Sees how much of a model's engine is in use. */
public final class ModelLoad {
  private ModelLoad() {}

  /**
   * Asks a model's engine, between two of its steps.
   *
   * @param model the model
   * @return what is in use
   */
  public static EngineLoad of(Model model) {
    return EngineLoad.of(model.engine());
  }
}
