package dev.qwq.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qwq.ErrorCode;
import dev.qwq.KvCacheType;
import dev.qwq.QwqException;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class OptionsTest {
  static Stream<Arguments> badOptions() {
    return Stream.of(
        bad("threads", o -> o.threads(-1)),
        bad("threads", o -> o.threads(1025)),
        bad("contextLength", o -> o.contextLength(-1)),
        bad("kvCacheTokens", o -> o.kvCacheTokens(-1)),
        bad("kvCacheTokens", o -> o.contextLength(100).kvCacheTokens(99)),
        bad("kvBlockSize", o -> o.kvBlockSize(8)),
        bad("kvBlockSize", o -> o.kvBlockSize(24)),
        bad("kvBlockSize", o -> o.kvBlockSize(512)),
        bad("maxSequences", o -> o.maxSequences(0)),
        bad("maxBatchTokens", o -> o.maxBatchTokens(7).maxSequences(8)),
        bad("maxBatchTokens", o -> o.maxBatchTokens(70_000)),
        bad("maxQueued", o -> o.maxQueued(-1)),
        bad("cudaDevices", o -> o.devices(devices(-1, "0"))),
        bad("cudaDevices", o -> o.backend(BackendKind.CUDA).devices(devices(-1, "gpu"))),
        bad("cudaDevices", o -> o.backend(BackendKind.CUDA).devices(devices(-1, "sim:12GB"))),
        bad("cudaDevices", o -> o.backend(BackendKind.CUDA).devices(devices(-1, "0", "0"))),
        bad("gpuLayers", o -> o.devices(devices(3))),
        bad("gpuLayers", o -> o.backend(BackendKind.CUDA).devices(devices(-2))),
        bad("kvCacheType", o -> o.backend(BackendKind.CUDA).kvCacheType(KvCacheType.I16)),
        bad("cpuIsa", o -> o.backend(BackendKind.CUDA).cpuIsa("avx2")),
        bad("cpuIsa", o -> o.cpuIsa("")),
        bad("cpuIsa", o -> o.cpuIsa("a name of more than 23 bytes")),
        bad("cpuIsa", o -> o.backend(BackendKind.REFERENCE).cpuIsa("avx2")));
  }

  private static DeviceOptions devices(int layers, String... names) {
    return new DeviceOptions(List.of(names), layers, 0);
  }

  private static Arguments bad(String name, UnaryOperator<EngineOptions.Builder> change) {
    return Arguments.of(name, change);
  }

  @ParameterizedTest
  @MethodSource("badOptions")
  void refusesAndNamesTheOption(String name, UnaryOperator<EngineOptions.Builder> change) {
    assertThatThrownBy(() -> change.apply(EngineOptions.builder()).build())
        .hasMessageStartingWith(name + ": expected ")
        .isInstanceOfSatisfying(
            QwqException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ARGUMENT));
  }

  @Test
  void hasDefaults() {
    assertThat(EngineOptions.defaults())
        .isEqualTo(
            new EngineOptions(
                BackendKind.CPU,
                null,
                new DeviceOptions(List.of(), DeviceOptions.ALL_THAT_FIT, 384L << 20),
                0,
                0,
                0,
                32,
                KvCacheType.AUTO,
                512,
                64,
                1024,
                true,
                false));
  }

  static Stream<Arguments> badSampling() {
    return Stream.of(
        Arguments.of("temperature", -0.1f, 0, 1f, 0f, 1f, 0, Map.of()),
        Arguments.of("temperature", Float.NaN, 0, 1f, 0f, 1f, 0, Map.of()),
        Arguments.of("temperature", Float.POSITIVE_INFINITY, 0, 1f, 0f, 1f, 0, Map.of()),
        Arguments.of("topK", 1f, -1, 1f, 0f, 1f, 0, Map.of()),
        Arguments.of("topP", 1f, 0, 0f, 0f, 1f, 0, Map.of()),
        Arguments.of("topP", 1f, 0, 1.1f, 0f, 1f, 0, Map.of()),
        Arguments.of("minP", 1f, 0, 1f, 1f, 1f, 0, Map.of()),
        Arguments.of("minP", 1f, 0, 1f, -0.1f, 1f, 0, Map.of()),
        Arguments.of("repetitionPenalty", 1f, 0, 1f, 0f, 0f, 0, Map.of()),
        Arguments.of("topLogprobs", 1f, 0, 1f, 0f, 1f, 21, Map.of()),
        Arguments.of("logitBias", 1f, 0, 1f, 0f, 1f, 0, Map.of(-1, 1f)),
        Arguments.of("logitBias of token 4", 1f, 0, 1f, 0f, 1f, 0, Map.of(4, Float.NaN)));
  }

  @ParameterizedTest
  @MethodSource("badSampling")
  void refusesAndNamesTheParameter(
      String name,
      float temperature,
      int topK,
      float topP,
      float minP,
      float repetition,
      int topLogprobs,
      Map<Integer, Float> bias) {
    assertThatThrownBy(
            () ->
                new SamplingParameters(
                    temperature, topK, topP, minP, 0, 0, repetition, 1, topLogprobs, bias))
        .hasMessageStartingWith(name + ": expected ")
        .isInstanceOfSatisfying(
            QwqException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ARGUMENT));
  }

  @Test
  void warnsOfTheBuildsThatCorruptPinnedArraysOnly() {
    assertThat(
            Stream.of("24.0.2", "25", "25.0.1", "25.0.2", "25.0.3", "26")
                .filter(v -> JdkCheck.corruptsPinnedArrays(Runtime.Version.parse(v))))
        .containsExactly("25", "25.0.1", "25.0.2");
  }
}
