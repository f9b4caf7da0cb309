package dev.qwq.examples.desktop;

import dev.qwq.GenerationOptions;
import dev.qwq.Model;
import dev.qwq.Sampler;
import dev.qwq.SessionOptions;

/** What conversations of the tests begin with. */
final class Sessions {
  private Sessions() {}

  static SessionOptions greedy(Model model) {
    return with(Sampler.greedy());
  }

  /** The model may not end its turn, so a reply ends where the context does. */
  static SessionOptions endless(Model model) {
    int end = model.tokenizer().orElseThrow().id("<|im_end|>").orElseThrow();
    return with(Sampler.builder().temperature(1).seed(1).logitBias(end, -1000).build());
  }

  private static SessionOptions with(Sampler sampler) {
    return SessionOptions.builder()
        .generation(GenerationOptions.builder().sampler(sampler).build())
        .build();
  }
}
