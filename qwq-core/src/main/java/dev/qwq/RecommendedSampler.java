package dev.qwq;

import dev.qwq.model.GenerationDefaults;

/**
 * The sampler a model asks for. Where its files say nothing (GGUF files seldom do), it is what the
 * model cards of the family ask for: QwQ's values for models that think, Qwen2.5's for others.
 */
final class RecommendedSampler {
  private RecommendedSampler() {}

  static Sampler of(GenerationDefaults defaults, boolean modelThinks) {
    if (!defaults.doSample().orElse(true)) {
      return Sampler.greedy();
    }
    boolean silent =
        defaults.temperature().isEmpty()
            && defaults.topP().isEmpty()
            && defaults.topK().isEmpty()
            && defaults.minP().isEmpty();
    Sampler.Builder builder = Sampler.builder();
    if (silent && modelThinks) {
      builder.temperature(0.6f).topP(0.95f).topK(40);
    } else if (silent) {
      builder.temperature(0.7f).topP(0.8f).topK(20);
    }
    defaults.temperature().ifPresent(value -> builder.temperature((float) value));
    defaults.topP().ifPresent(value -> builder.topP((float) value));
    defaults.topK().ifPresent(builder::topK);
    defaults.minP().ifPresent(value -> builder.minP((float) value));
    defaults.repetitionPenalty().ifPresent(value -> builder.repetitionPenalty((float) value));
    defaults.presencePenalty().ifPresent(value -> builder.presencePenalty((float) value));
    defaults.frequencyPenalty().ifPresent(value -> builder.frequencyPenalty((float) value));
    return builder.build();
  }
}
