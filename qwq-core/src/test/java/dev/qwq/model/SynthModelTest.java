package dev.qwq.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qwq.QwqException;
import dev.qwq.tokenizer.Tokenizer;
import dev.qwq.tokenizer.TokenizerData;
import dev.qwq.weights.DType;
import dev.qwq.weights.TensorInfo;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Random models: valid, reproducible, of the right size. */
class SynthModelTest {
  @TempDir Path folder;

  static List<QuantizationMix> mixes() {
    return QuantizationMix.available();
  }

  @ParameterizedTest
  @MethodSource("mixes")
  void writesModelsThatOpen(QuantizationMix mix) {
    Path file = write(mix, 7, 2, "x.gguf");
    try (ModelSource model = ModelSource.open(file)) {
      assertThat(model.config()).isEqualTo(Shapes.TINY.config());
      assertThat(model.weightBytes()).isEqualTo(Shapes.TINY.weightBytes(mix));
      assertThat(model.tokenizer().orElseThrow().size()).isLessThan(1280);
      assertThat(model.chatTemplate()).isPresent();
      Tokenizer tokenizer = model.tokenizer().orElseThrow();
      assertThat(model.generationDefaults().eosTokenIds())
          .containsExactly(
              tokenizer.id("<|im_end|>").orElseThrow(),
              tokenizer.id("<|endoftext|>").orElseThrow());
      for (TensorInfo tensor : model.tensors()) {
        double expected = !tensor.name().endsWith("norm.weight") ? 0 : 1;
        double deviation = tensor.name().endsWith("norm.weight") ? 0.05 : 0.02;
        double[] values = values(tensor);
        double mean = Arrays.stream(values).average().orElseThrow();
        double variance =
            Arrays.stream(values).map(v -> (v - mean) * (v - mean)).average().orElseThrow();
        // Six standard errors of mean and deviation; 4-bit formats add their own noise, at most a
        // tenth of the deviation.
        double error = 6 * deviation / Math.sqrt(values.length);
        assertThat(mean).as(tensor.name()).isBetween(expected - error, expected + error);
        assertThat(Math.sqrt(variance))
            .as(tensor.name())
            .isBetween(deviation * 0.95 - error, deviation * 1.1 + error);
      }
    }
  }

  @Test
  void theSameSeedGivesTheSameBytes() throws IOException {
    Path one = write(QuantizationMix.Q4_K_M, 7, 1, "one.gguf");
    Path four = write(QuantizationMix.Q4_K_M, 7, 4, "four.gguf");
    Path other = write(QuantizationMix.Q4_K_M, 8, 1, "other.gguf");
    assertThat(Files.mismatch(one, four)).isEqualTo(-1);
    assertThat(Files.size(other)).isEqualTo(Files.size(one));
    assertThat(Files.mismatch(one, other)).isPositive();
  }

  @Test
  void requantisesAModel() {
    Path q8 = write(QuantizationMix.F16, 7, 2, "f16.gguf");
    Path target = folder.resolve("q8.gguf");
    try (ModelSource source = ModelSource.open(q8)) {
      GgufConverter.convert(
          source,
          target,
          TensorEncoder.quantize(QuantizationMix.Q8_0, source.config()),
          2,
          LoadProgress.NONE);
      try (ModelSource model = ModelSource.open(target)) {
        assertThat(model.config()).isEqualTo(source.config());
        assertThat(model.weightBytes()).isEqualTo(Shapes.TINY.weightBytes(QuantizationMix.Q8_0));
        for (TensorInfo tensor : model.tensors()) {
          double[] expected = values(source.tensor(tensor.name()).orElseThrow());
          double[] actual = values(tensor);
          // Half a step of the largest value in a block (|x| < 0.2 here), and F16's rounding.
          double bound = tensor.dtype() == DType.F32 ? 0 : 0.2 / 127 * 0.51;
          double worst = 0;
          for (int i = 0; i < actual.length; i++) {
            worst = Math.max(worst, Math.abs(actual[i] - expected[i]));
          }
          assertThat(worst).as(tensor.name()).isLessThanOrEqualTo(bound);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"TINY", "QWEN_0_5B", "QWQ_32B"})
  void tokenizersFitTheirMatrices(Shapes shape) {
    int rows = shape.config().vocabSize();
    TokenizerData data = SynthTokenizer.build(Path.of("made-up"), rows);
    Tokenizer tokenizer = Tokenizer.of(data);
    assertThat(tokenizer.size()).isLessThanOrEqualTo(rows);
    if (rows > 150_000) {
      assertThat(data.tokens()).hasSize(151_643);
      assertThat(data.merges()).hasSize(151_387);
      assertThat(tokenizer.id("<|im_end|>")).hasValue(151_645);
      assertThat(tokenizer.id("</think>")).hasValue(151_668);
      assertThat(tokenizer.size()).isEqualTo(151_669);
      assertThat(tokenizer.encode("the")).hasSize(1);
    }
    String text = "the quick brown fox <|im_end|> Füchse\n 123";
    assertThat(tokenizer.decode(tokenizer.encode(text))).isEqualTo(text);
    assertThat(tokenizer.encode("he")).hasSize(1);
    assertThat(tokenizer.isSpecial(tokenizer.id("<think>").orElseThrow())).isFalse();
  }

  private Path write(QuantizationMix mix, long seed, int threads, String name) {
    try {
      NativeFormats.load();
    } catch (QwqException e) {
      Assumptions.abort("skipped: " + e.getMessage());
    }
    Path file = folder.resolve(name);
    SynthModel.write(Shapes.TINY, mix, seed, file, threads, LoadProgress.NONE);
    return file;
  }

  private static double[] values(TensorInfo tensor) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment floats = arena.allocate(ValueLayout.JAVA_FLOAT, tensor.elements());
      NativeFormats.dequantize(tensor.dtype(), tensor.data(), tensor.rows(), tensor.cols(), floats);
      double[] values = new double[(int) tensor.elements()];
      for (int i = 0; i < values.length; i++) {
        values[i] = floats.getAtIndex(ValueLayout.JAVA_FLOAT, i);
      }
      return values;
    }
  }
}
