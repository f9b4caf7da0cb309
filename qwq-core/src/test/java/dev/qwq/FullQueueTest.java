package dev.qwq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** A model that has as many replies as it takes refuses more at once, and takes them later. */
class FullQueueTest {
  @Test
  void refusesBeforeAPromptIsMade() {
    ModelOptions options = ModelOptions.builder().threads(1).maxSequences(1).maxQueued(1).build();
    try (Model model = Model.open(TinyModel.path(), options);
        Session first = model.newSession();
        Session second = model.newSession();
        Session third = model.newSession()) {
      Sampler.Builder endless = Sampler.builder().temperature(1).seed(1);
      for (String end : new String[] {"<|im_end|>", "<|endoftext|>"}) {
        int id = model.tokenizer().orElseThrow().id(end).orElseThrow();
        endless.logitBias(id, Float.NEGATIVE_INFINITY);
      }
      GenerationOptions slow = GenerationOptions.builder().sampler(endless.build()).build();
      // Longer than the context, which only those notice who make a prompt of it.
      String endlessText = "word ".repeat(model.info().contextLength());
      try (ReplyStream running = first.stream("Count.", slow);
          ReplyStream waiting = second.stream("Count.", slow)) {
        running.next();
        assertThatThrownBy(() -> third.send(endlessText)).isInstanceOf(QueueFullException.class);
        assertThatThrownBy(() -> model.complete(endlessText, slow))
            .isInstanceOf(QueueFullException.class);
        assertThat(third.sendAsync(endlessText)).isCompletedExceptionally();
        waiting.cancel();
      }
      assertThat(third.send("What is 1 + 1?", TinyModel.greedy()).answer()).isNotEmpty();
    }
  }
}
