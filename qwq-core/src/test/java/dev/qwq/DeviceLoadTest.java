package dev.qwq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;

/** Weights on their way to a simulated device. */
class DeviceLoadTest {
  private static final GenerationOptions THREE_TOKENS =
      GenerationOptions.builder().sampler(Sampler.greedy()).maxTokens(3).build();

  private static ModelOptions.Builder simulated() {
    return ModelOptions.builder().backend(Backend.CUDA).cudaDevice("sim").contextLength(64);
  }

  @Test
  void saysHowFarItHasCome() {
    List<Long> loaded = new ArrayList<>();
    List<Long> totals = new ArrayList<>();
    ModelOptions options =
        simulated()
            .loadProgress(
                (done, total) -> {
                  totals.add(total);
                  return loaded.add(done);
                })
            .build();
    long weights = ModelPlan.of(TinyModel.path(), options).places().getFirst().weightBytes();
    try (Model model = Model.open(TinyModel.path(), options)) {
      assertThat(model.info().backend()).isEqualTo(Backend.CUDA);
      assertThat(model.placement().deviceLayers()).isEqualTo(6);
    }
    assertThat(loaded).isSorted().last().isEqualTo(weights);
    assertThat(totals).containsOnly(weights);
  }

  @Test
  void aListenerThatSaysNoCancels() {
    ModelOptions options = simulated().loadProgress((done, total) -> false).build();

    assertThatThrownBy(() -> Model.open(TinyModel.path(), options))
        .isInstanceOf(CancellationException.class);
  }

  @Test
  void anInterruptCancels() {
    Thread.currentThread().interrupt();
    try {
      assertThatThrownBy(() -> Model.open(TinyModel.path(), simulated().build()))
          .isInstanceOf(CancellationException.class);
    } finally {
      assertThat(Thread.interrupted()).isTrue();
    }
  }

  @Test
  void aListenerThatFailsFailsTheLoad() {
    ModelOptions options =
        simulated()
            .loadProgress(
                (done, total) -> {
                  throw new IllegalStateException("no screen");
                })
            .build();

    assertThatThrownBy(() -> Model.open(TinyModel.path(), options)).hasMessage("no screen");
  }

  @Test
  void layersOfBothGiveTheProcessorsTokens() {
    Reply onCpu;
    ModelOptions asDevices = ModelOptions.builder().kvCacheType(KvCacheType.F16).build();
    try (Model model = Model.open(TinyModel.path(), asDevices)) {
      onCpu = model.complete("2+2=", THREE_TOKENS);
    }
    try (Model model = Model.open(TinyModel.path(), simulated().gpuLayers(3).build())) {
      assertThat(model.complete("2+2=", THREE_TOKENS).tokens()).isEqualTo(onCpu.tokens());
    }
  }
}
