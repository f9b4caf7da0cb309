package dev.qwq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class KvCacheTypeTest {
  private static final Path HEADS_OF_16 = Path.of("src/test/resources/dev/qwq/golden/qwen2");
  private static final String PROMPT =
      "<|im_start|>user\nWhat is 12 + 30?<|im_end|>\n<|im_start|>assistant\n<think>\n";

  @Test
  void q8_0TakesAboutHalfTheMemoryAndStillAnswers() {
    try (Model f16 = open(KvCacheType.F16, 2, false);
        Model q8 = open(KvCacheType.Q8_0, 2, false)) {
      // layers * (K, V) * heads * (64 elements of 2 bytes; 64 of one and two scales of 2)
      assertThat(f16.info().kvBytesPerToken()).isEqualTo(6 * 2 * 2 * 64 * 2L);
      assertThat(q8.info().kvBytesPerToken()).isEqualTo(6 * 2 * 2 * (64 + 2 * 2L));
      long tokens = q8.info().kvCacheBytes() / q8.info().kvBytesPerToken();
      assertThat(q8.info().kvCacheBytes()).isEqualTo(tokens * q8.info().kvBytesPerToken());
      Reply reply = q8.complete(PROMPT, TinyModel.greedy());
      assertThat(reply.answer()).isEqualTo("12 + 30 = **42**");
    }
  }

  @Test
  void repliesDependNeitherOnThreadsNorOnPinning() {
    GenerationOptions options = TinyModel.seeded(5);
    Reply expected;
    try (Model model = open(KvCacheType.Q8_0, 1, false)) {
      expected = model.complete(PROMPT, options);
      assertThat(model.complete(PROMPT, options)).isEqualTo(expected);
    }
    for (int threads : new int[] {2, 5}) {
      for (boolean pin : new boolean[] {false, true}) {
        try (Model model = open(KvCacheType.Q8_0, threads, pin)) {
          assertThat(model.complete(PROMPT, options)).isEqualTo(expected);
        }
      }
    }
  }

  @Test
  void refusesHeadsThatAreNoMultipleOfAScale() {
    ModelOptions options = ModelOptions.builder().kvCacheType(KvCacheType.Q8_0).build();
    assertThatThrownBy(() -> Model.open(HEADS_OF_16, options).close())
        .hasMessage(
            "kvCacheType: Q8_0 keeps 32 elements of a head to a scale, but a head of the model has"
                + " 16: use F16")
        .isInstanceOfSatisfying(
            QwqException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ARGUMENT));
  }

  private static Model open(KvCacheType type, int threads, boolean pin) {
    return Model.open(
        TinyModel.path(),
        ModelOptions.builder().kvCacheType(type).threads(threads).pinThreads(pin).build());
  }
}
