package dev.qwq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qwq.model.QuantizationMix;
import dev.qwq.model.Shapes;
import dev.qwq.model.SparseModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** QwQ-32B on cards as people have them; its weights are holes in a file, and never read. */
class ModelPlanTest {
  private static final long RESERVE = 384L << 20;

  // 64 layers, K and V of 8 heads of 128, two bytes each.
  private static final long KV_BYTES_PER_TOKEN = 64 * 2 * 8 * 128 * 2;

  @TempDir static Path folder;
  private static Path qwq;

  @BeforeAll
  static void writeModel() throws IOException {
    qwq = SparseModel.write(folder.resolve("qwq.gguf"), Shapes.QWQ_32B, QuantizationMix.Q4_K_M);
  }

  private static ModelOptions options(UnaryOperator<ModelOptions.Builder> change) {
    return change.apply(ModelOptions.builder().backend(Backend.CUDA)).build();
  }

  private static ModelPlan plan(String... devices) {
    return plan(o -> o.cudaDevice(devices));
  }

  private static ModelPlan plan(UnaryOperator<ModelOptions.Builder> change) {
    ModelPlan plan = checked(change);
    assertThat(plan.kvBytesPerToken()).isEqualTo(KV_BYTES_PER_TOKEN);
    assertThat(plan.kvLayout()).isEqualTo("f16");
    return plan;
  }

  private static ModelPlan checked(UnaryOperator<ModelOptions.Builder> change) {
    ModelPlan plan = ModelPlan.of(qwq, options(change));
    System.out.printf(
        "context %,d, KV cache of %,d tokens%n", plan.contextLength(), plan.kvCacheTokens());
    int next = 0;
    for (ModelPlan.Place place : plan.places()) {
      System.out.printf(
          "  %-10s layers %2d to %2d: weights %,d, KV cache %,d, workspace %,d%n",
          place.device(),
          place.firstLayer(),
          place.firstLayer() + place.layers() - 1,
          place.weightBytes(),
          place.kvCacheBytes(),
          place.workspaceBytes());
      assertThat(place.firstLayer()).isEqualTo(next);
      next += place.layers();
      if (place.onDevice()) {
        assertThat(place.bytes()).isLessThanOrEqualTo(place.freeBytes().orElseThrow() - RESERVE);
      }
    }
    assertThat(next).isEqualTo(64);
    return plan;
  }

  @Test
  void a24GigabyteCardHoldsTheWholeModelAndAsMuchContextAsFits() {
    ModelPlan plan = plan("sim:24GiB");

    ModelPlan.Place card = plan.places().getFirst();
    assertThat(plan.places()).hasSize(1);
    assertThat(card.layers()).isEqualTo(64);
    // 64 layers and the output matrix in Q4_K and Q6_K, without the embedding.
    assertThat(card.weightBytes()).isCloseTo(19_400_000_000L, Percentage.withPercentage(1));
    assertThat(plan.hostWeightBytes()).isEqualTo(152_064L * 5120 / 256 * 144);
    // The longest: one more block of the cache would not fit.
    assertThat(plan.contextLength()).isBetween(16_384, 24_576);
    assertThat(plan.contextLength()).isEqualTo(plan.kvCacheTokens());
    long spare = card.freeBytes().orElseThrow() - RESERVE - card.bytes();
    assertThat(spare).isBetween(0L, 40 * KV_BYTES_PER_TOKEN);
  }

  @Test
  void aKvCacheOfEightBitsHoldsNearlyTwiceTheContext() {
    ModelPlan plan = checked(o -> o.cudaDevice("sim:24GiB").kvCacheType(KvCacheType.Q8_0));

    assertThat(plan.deviceLayers()).isEqualTo(64);
    assertThat(plan.contextLength())
        .isGreaterThan(18 * plan("sim:24GiB").contextLength() / 10)
        .isLessThanOrEqualTo(40_960);
  }

  @Test
  void cardsOf16And12GigabytesHoldThePartThatFits() {
    ModelPlan on16 = plan("sim:16GiB");
    ModelPlan on12 = plan("sim:12GiB");

    assertThat(on16.deviceLayers()).isBetween(44, 52);
    assertThat(on12.deviceLayers()).isBetween(30, 38);
    for (ModelPlan plan : List.of(on16, on12)) {
      assertThat(plan.places()).extracting(ModelPlan.Place::device).first().isEqualTo("cpu");
      assertThat(plan.places()).hasSize(2);
      assertThat(plan.contextLength()).isGreaterThanOrEqualTo(8192);
      ModelPlan.Place card = plan.places().getLast();
      // Another layer beside a context of 8192 tokens would not fit.
      long layer = card.weightBytes() / 70;
      assertThat(card.freeBytes().orElseThrow() - RESERVE - card.bytes())
          .isLessThan(layer + 8192 * KV_BYTES_PER_TOKEN / 64 + (300L << 20));
    }
  }

  @Test
  void fewerLayersHoldALongerContext() {
    ModelPlan most = plan("sim:16GiB");
    ModelPlan fewer = plan(o -> o.cudaDevice("sim:16GiB").gpuLayers(20));
    ModelPlan longer = plan(o -> o.cudaDevice("sim:16GiB").contextLength(32_768));

    assertThat(fewer.deviceLayers()).isEqualTo(20);
    assertThat(longer.contextLength()).isEqualTo(32_768);
    assertThat(longer.deviceLayers()).isLessThan(most.deviceLayers()).isGreaterThan(16);
  }

  @Test
  void aCardOf4GigabytesIsTooSmallAndTheErrorHasTheFigures() {
    assertThatThrownBy(() -> plan("sim:4GiB"))
        .isInstanceOfSatisfying(
            QwqException.class,
            e -> {
              System.out.println(e.getMessage());
              assertThat(e.code()).isEqualTo(ErrorCode.OUT_OF_MEMORY);
            })
        .hasMessageMatching(
            "Too little memory: device sim:4GiB has 4\\.00 GiB free, of which 0\\.38 GiB each stay"
                + " free; all 64 layers with a context of 8192 tokens need 2\\d\\.\\d\\d GiB"
                + " \\(weights 18\\.\\d\\d GiB, KV cache 2\\.\\d\\d GiB, workspace \\d\\.\\d\\d"
                + " GiB\\)\\. \\d+ of 64 layers would fit: gpuLayers\\(\\d+\\) asks for them; .*");
    // Who asks for them gets them.
    assertThat(plan(o -> o.cudaDevice("sim:4GiB").gpuLayers(6)).deviceLayers()).isEqualTo(6);
    assertThatThrownBy(() -> plan(o -> o.cudaDevice("sim:4GiB").gpuLayers(20)))
        .hasMessageContaining("20 layers with a context of 8192 tokens need");
    // It fails the same way where a model is opened, and before anything is copied.
    assertThatThrownBy(() -> Model.open(qwq, options(o -> o.cudaDevice("sim:4GiB"))))
        .hasMessageStartingWith("Too little memory: device sim:4GiB");
  }

  @Test
  void severalCardsShareTheLayersByTheirMemory() {
    ModelPlan equal = plan("sim:16GiB", "sim:16384MiB");
    ModelPlan unequal = plan("sim:24GiB", "sim:12GiB");

    assertThat(equal.deviceLayers()).isEqualTo(64);
    // The second has the output matrix, too.
    assertThat(equal.places().get(0).layers()).isBetween(32, 35);
    assertThat(equal.contextLength()).isGreaterThan(24_576);
    assertThat(unequal.places().get(0).layers()).isBetween(41, 47);
    // A pair that holds a part only leaves the rest to the processor.
    ModelPlan part = plan("sim:8GiB", "sim:6GiB");
    assertThat(part.places())
        .extracting(ModelPlan.Place::device)
        .containsExactly("cpu", "sim:8GiB", "sim:6GiB");
  }

  @Test
  void noMoreContextThanTheModelHas() {
    ModelPlan plan = plan("sim:80GiB");

    assertThat(plan.contextLength()).isEqualTo(40_960);
    assertThat(plan.kvCacheTokens()).isEqualTo(4 * 40_960);
    assertThatThrownBy(() -> plan(o -> o.cudaDevice("sim:80GiB").contextLength(50_000)))
        .hasMessageContaining("contextLength: expected at most 40960");
  }

  @Test
  void wrongNumbersAreNamed() {
    assertThatThrownBy(() -> plan(o -> o.cudaDevice("sim").gpuLayers(65)))
        .hasMessage("gpuLayers: expected at most 64, which the model has, found 65");
    assertThatThrownBy(() -> options(o -> o.gpuLayers(-1))).hasMessageStartingWith("gpuLayers:");
    assertThatThrownBy(() -> options(o -> o.deviceReserve(-1)))
        .hasMessageStartingWith("deviceReserve:");
    assertThatThrownBy(() -> plan(o -> o.backend(Backend.CPU).cudaDevice("sim")))
        .hasMessageStartingWith("cudaDevices: expected none for backend CPU");
  }

  @Test
  void theProcessorHasAPlanToo() {
    ModelPlan plan =
        ModelPlan.of(TinyModel.path(), ModelOptions.builder().contextLength(1000).build());

    assertThat(plan.places())
        .singleElement()
        .satisfies(
            place -> {
              assertThat(place.onDevice()).isFalse();
              assertThat(place.layers()).isEqualTo(6);
              assertThat(place.weightBytes()).isZero();
            });
    assertThat(plan.contextLength()).isEqualTo(1000);
    assertThat(plan.hostWeightBytes()).isPositive();
  }
}
