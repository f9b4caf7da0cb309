package dev.qwq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class KvCacheTypeTest {
  private static final Path HEADS_OF_16 = Path.of("src/test/resources/dev/qwq/golden/qwen2");
  private static final String PROMPT =
      "<|im_start|>user\nWhat is 12 + 30?<|im_end|>\n<|im_start|>assistant\n<think>\n";

  /** A head's K, or V, of 64 elements: 2 bytes each, in i16 and a scale; 1 each and two scales. */
  @ParameterizedTest
  @CsvSource({"AUTO, i16, 132", "F16, f16, 128", "I16, i16, 132", "Q8_0, i8, 68"})
  void everyTypeAnswersFromTheLayoutItStandsFor(KvCacheType type, String layout, long headBytes) {
    try (Model model = open(type, 2, false)) {
      ModelInfo info = model.info();
      assertThat(info.kvLayout()).isEqualTo(layout);
      // layers * (K, V) * heads
      assertThat(info.kvBytesPerToken()).isEqualTo(6 * 2 * 2 * headBytes);
      assertThat(info.kvCacheBytes() % info.kvBytesPerToken()).isZero();
      assertThat(model.placement().kvLayout()).isEqualTo(layout);
      assertThat(model.placement().kvBytesPerToken()).isEqualTo(info.kvBytesPerToken());
      Reply reply = model.complete(PROMPT, TinyModel.greedy());
      assertThat(reply.answer()).isEqualTo("12 + 30 = **42**");
    }
  }

  @ParameterizedTest
  @CsvSource({"AUTO, f32", "F16, f32", "I16, f32", "Q8_0, q8_0"})
  void theReferenceKeeps32BitsInsteadOf16(KvCacheType type, String layout) {
    ModelOptions options =
        ModelOptions.builder().backend(Backend.REFERENCE).kvCacheType(type).build();
    assertThat(ModelPlan.of(TinyModel.path(), options).kvLayout()).isEqualTo(layout);
  }

  @ParameterizedTest
  @CsvSource({"AUTO, f16", "F16, f16", "Q8_0, q8_0"})
  void devicesKeepFloatsOrQ8_0(KvCacheType type, String layout) {
    for (int gpuLayers : new int[] {6, 2}) {
      ModelOptions.Builder options = onDevice().gpuLayers(gpuLayers).kvCacheType(type);
      assertThat(ModelPlan.of(TinyModel.path(), options.build()).kvLayout()).isEqualTo(layout);
    }
  }

  /** Before anything is read: there is no such file. */
  @Test
  void i16IsRefusedOnDevicesBeforeAnythingIsRead() {
    ModelOptions options = onDevice().kvCacheType(KvCacheType.I16).build();
    assertThatThrownBy(() -> Model.open(Path.of("there is none"), options).close())
        .hasMessage("kvCacheType: expected AUTO, F16 or Q8_0 for backend CUDA, found I16")
        .isInstanceOfSatisfying(
            QwqException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ARGUMENT));
  }

  @ParameterizedTest
  @EnumSource(KvCacheType.class)
  void repliesDependNeitherOnThreadsNorOnPinning(KvCacheType type) {
    GenerationOptions options = TinyModel.seeded(5);
    Reply expected;
    try (Model model = open(type, 1, false)) {
      expected = model.complete(PROMPT, options);
      assertThat(model.complete(PROMPT, options)).isEqualTo(expected);
    }
    for (int threads : new int[] {2, 5}) {
      for (boolean pin : new boolean[] {false, true}) {
        try (Model model = open(type, threads, pin)) {
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
                + " 16: use AUTO")
        .isInstanceOfSatisfying(
            QwqException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ARGUMENT));
  }

  private static ModelOptions.Builder onDevice() {
    return ModelOptions.builder().backend(Backend.CUDA).cudaDevice("sim").contextLength(256);
  }

  private static Model open(KvCacheType type, int threads, boolean pin) {
    return Model.open(
        TinyModel.path(),
        ModelOptions.builder().kvCacheType(type).threads(threads).pinThreads(pin).build());
  }
}
