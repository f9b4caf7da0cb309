package dev.qwq.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.qwq.weights.DType;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The mixes give files of the formats and sizes in which models are published. */
class QuantizationMixTest {
  @ParameterizedTest
  @CsvSource({"F16, 65529991168", "Q8_0, 34814906368", "Q4_0, 18634252288", "Q4_K_M, 19845357568"})
  void qwqHasThePublishedSize(QuantizationMix mix, long bytes) {
    assertThat(Shapes.QWQ_32B.weightBytes(mix)).isEqualTo(bytes);
  }

  // Sizes of QwQ-32B and Qwen2.5-32B in lists of files, in GB, the head of 6 MB included.
  @ParameterizedTest
  @CsvSource({
    "Q2_K, 12.3",
    "Q3_K_S, 14.4",
    "Q3_K_M, 15.9",
    "Q3_K_L, 17.2",
    "IQ4_XS, 17.9",
    "Q4_K_S, 18.8",
    "Q4_K_M, 19.9",
    "Q5_K_S, 22.6",
    "Q5_K_M, 23.3",
    "Q6_K, 26.9",
    "Q8_0, 34.8"
  })
  void qwqHasThePublishedSizeInGigabytes(QuantizationMix mix, double gigabytes) {
    assertThat(Shapes.QWQ_32B.weightBytes(mix) / 1e9).isCloseTo(gigabytes, within(0.06));
  }

  /**
   * What llama.cpp gives each matrix: value, down and attention output projections as runs of
   * layers, all other matrices of a layer, embedding matrix, output matrix (the embedding matrix
   * again where there is none).
   */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        // 24 layers, 7 query heads a group, rows of 896 and 4864: 4864 = 19 * 256, 896 = 28 * 32
        "QWEN_0_5B|Q4_K_M|0-2 5 8 11 14 17 20-23:Q8_0 Q5_0|0-2 5 8 11 14 17 20-23:Q6_K"
            + " Q4_K|Q5_0|Q5_0|Q8_0",
        "QWEN_0_5B|Q4_K_S|0-3:Q5_1 Q5_0|0-2:Q5_K Q4_K|Q5_0|Q5_0|Q8_0",
        "QWEN_0_5B|Q5_K_M|0-2 5 8 11 14 17 20-23:Q8_0 Q5_1|0-2 5 8 11 14 17 20-23:Q6_K"
            + " Q5_K|Q5_1|Q5_1|Q8_0",
        "QWEN_0_5B|Q5_K_S|Q5_1|Q5_K|Q5_1|Q5_1|Q8_0",
        "QWEN_0_5B|Q6_K|Q8_0|Q6_K|Q8_0|Q8_0|Q8_0",
        "QWEN_0_5B|Q3_K_L|Q5_1|Q5_K|Q5_1|Q4_0|Q8_0",
        "QWEN_0_5B|Q3_K_M|0-1:Q5_1 Q5_0|0:Q5_K Q4_K|Q5_0|Q4_0|Q8_0",
        "QWEN_0_5B|Q3_K_S|Q4_0|Q3_K|Q4_0|Q4_0|Q8_0",
        "QWEN_0_5B|Q2_K|Q5_0|Q3_K|Q4_0|Q4_0|Q8_0",
        "QWEN_0_5B|Q2_K_S|Q5_0|0-2:Q4_K Q2_K|Q4_0|Q4_0|Q8_0",
        "QWEN_0_5B|IQ4_XS|Q5_1|0-2:Q5_K IQ4_XS|IQ4_NL|IQ4_NL|Q8_0",
        "QWEN_0_5B|IQ4_NL|Q5_1|0-2:Q5_K IQ4_NL|IQ4_NL|IQ4_NL|Q8_0",
        "QWEN_0_5B|Q4_0|Q4_0|Q4_0|Q4_0|Q4_0|Q8_0",
        "QWEN_0_5B|Q4_1|Q4_1|Q4_1|Q4_1|Q4_1|Q8_0",
        "QWEN_0_5B|Q5_0|Q5_0|Q5_0|Q5_0|Q5_0|Q8_0",
        "QWEN_0_5B|Q5_1|Q5_1|Q5_1|Q5_1|Q5_1|Q8_0",
        "QWEN_0_5B|Q8_0|Q8_0|Q8_0|Q8_0|Q8_0|Q8_0",
        "QWEN_0_5B|F16|F16|F16|F16|F16|F16",
        // 28 layers, 6 query heads a group, rows of 1536 and 8960, both multiples of 256; tied
        "QWEN_1_5B|Q4_K_M|0-2 5 8 11 14 17 20 23-27:Q6_K Q4_K|0-2 5 8 11 14 17 20 23-27:Q6_K"
            + " Q4_K|Q4_K|Q4_K|Q6_K",
        "QWEN_1_5B|Q4_K_S|0-3:Q5_K Q4_K|0-2:Q5_K Q4_K|Q4_K|Q4_K|Q6_K",
        "QWEN_1_5B|Q3_K_M|0-1:Q5_K Q4_K|0:Q5_K Q4_K|Q4_K|Q3_K|Q6_K",
        "QWEN_1_5B|Q2_K|Q4_K|Q3_K|Q3_K|Q2_K|Q6_K",
        "QWEN_1_5B|IQ4_XS|Q5_K|0-2:Q5_K IQ4_XS|IQ4_XS|IQ4_XS|Q6_K",
        "QWEN_1_5B|Q8_0|Q8_0|Q8_0|Q8_0|Q8_0|Q8_0",
        "QWEN_1_5B|F32|F32|F32|F32|F32|F32",
        // 28 layers, 7 query heads a group, output matrix of its own
        "QWEN_7B|Q4_K_M|0-2 5 8 11 14 17 20 23-27:Q6_K Q4_K|0-2 5 8 11 14 17 20 23-27:Q6_K"
            + " Q4_K|Q4_K|Q4_K|Q4_K Q6_K",
        "QWEN_7B|Q5_K_M|0-2 5 8 11 14 17 20 23-27:Q6_K Q5_K|0-2 5 8 11 14 17 20 23-27:Q6_K"
            + " Q5_K|Q5_K|Q5_K|Q5_K Q6_K",
        "QWEN_7B|Q3_K_L|Q5_K|Q5_K|Q5_K|Q3_K|Q3_K Q6_K",
        "QWEN_7B|Q2_K_S|Q4_K|0-2:Q4_K Q2_K|Q2_K|Q2_K|Q2_K Q6_K",
        "QWEN_7B|IQ4_NL|Q5_K|0-2:Q5_K IQ4_NL|IQ4_NL|IQ4_NL|IQ4_NL Q6_K",
        "QWEN_7B|Q4_1|Q4_1|Q4_1|Q4_1|Q4_1|Q4_1 Q6_K",
        "QWEN_7B|BF16|BF16|BF16|BF16|BF16|BF16 BF16",
        // 64 layers, 5 query heads a group
        "QWQ_32B|Q4_K_M|0-7 10 13 16 19 22 25 28 31 34 37 40 43 46 49 52 55-63:Q6_K Q4_K|0-7 10 13"
            + " 16 19 22 25 28 31 34 37 40 43 46 49 52 55-63:Q6_K Q4_K|Q4_K|Q4_K|Q4_K Q6_K",
        "QWQ_32B|Q4_K_S|0-3:Q5_K Q4_K|0-7:Q5_K Q4_K|Q4_K|Q4_K|Q4_K Q6_K",
        "QWQ_32B|Q3_K_M|0-1:Q5_K Q4_K|0-3:Q5_K Q4_K|Q4_K|Q3_K|Q3_K Q6_K",
        "QWQ_32B|Q3_K_S|Q3_K|Q3_K|Q3_K|Q3_K|Q3_K Q6_K",
        "QWQ_32B|Q2_K|Q4_K|Q3_K|Q3_K|Q2_K|Q2_K Q6_K",
        "QWQ_32B|IQ4_XS|Q5_K|0-7:Q5_K IQ4_XS|IQ4_XS|IQ4_XS|IQ4_XS Q6_K",
        "QWQ_32B|Q6_K|Q6_K|Q6_K|Q6_K|Q6_K|Q6_K Q6_K",
        // 2 query heads a group: value projections are no cheaper than others
        "TINY|Q2_K|Q3_K|Q3_K|Q3_K|Q2_K|Q6_K",
        "TINY|Q2_K_S|Q2_K|Q2_K|Q2_K|Q2_K|Q6_K",
        "TINY|IQ4_XS|IQ4_XS|IQ4_XS|IQ4_XS|IQ4_XS|Q6_K",
      })
  void matricesHaveTheFormatsOfLlamaCpp(
      Shapes shape,
      QuantizationMix mix,
      String value,
      String down,
      String attentionOutput,
      String others,
      String embeddingAndOutput) {
    Map<String, DType> formats = formats(shape.config(), mix);
    int layers = shape.config().layers();
    assertThat(inLayers(formats, layers, "attn_v")).isEqualTo(value);
    assertThat(inLayers(formats, layers, "ffn_down")).isEqualTo(down);
    assertThat(inLayers(formats, layers, "attn_output")).isEqualTo(attentionOutput);
    for (String other : List.of("attn_q", "attn_k", "ffn_gate", "ffn_up")) {
      assertThat(inLayers(formats, layers, other)).as(other).isEqualTo(others);
    }
    assertThat(
            formats.entrySet().stream()
                .filter(e -> e.getKey().matches("(token_embd|output)\\.weight"))
                .sorted(Map.Entry.<String, DType>comparingByKey().reversed())
                .map(e -> e.getValue().name())
                .collect(Collectors.joining(" ")))
        .isEqualTo(embeddingAndOutput);
  }

  @ParameterizedTest
  @EnumSource
  void vectorsAreF32AndRowsAreWholeBlocks(QuantizationMix mix) {
    for (Shapes shape : Shapes.values()) {
      for (Qwen2Tensors.Expected tensor : Qwen2Tensors.of(shape.config())) {
        DType format = mix.format(shape.config(), tensor.name(), tensor.shape());
        assertThat(tensor.shape().getLast() % format.blockElements()).isZero();
        assertThat(tensor.isVector() && format != DType.F32).as(tensor.name()).isFalse();
      }
    }
  }

  @Test
  void seventyBillionParametersGiveValueProjectionsMore() {
    ModelConfig config =
        new ModelConfig(
            "qwen2",
            80,
            8192,
            29_568,
            64,
            8,
            128,
            152_064,
            1e-6f,
            1e6f,
            Optional.empty(),
            32_768,
            false);
    for (QuantizationMix mix :
        List.of(QuantizationMix.Q3_K_S, QuantizationMix.Q2_K, QuantizationMix.Q4_K_S)) {
      assertThat(inLayers(formats(config, mix), 80, "attn_v")).as(mix.name()).isEqualTo("Q5_K");
    }
    // 29568 is no multiple of 256.
    assertThat(formats(config, QuantizationMix.Q4_K_M).get("blk.10.ffn_down.weight"))
        .isEqualTo(DType.Q5_0);
  }

  @Test
  void rowsOfNoWholeNumberOfBlocksFallBack() {
    ModelConfig config = Shapes.QWEN_0_5B.config();
    QuantizationMix mix = QuantizationMix.Q4_K_M;
    List<Long> odd = List.of(64L, 100L);
    assertThat(mix.format(config, "blk.0.ffn_gate.weight", odd)).isEqualTo(DType.F16);
    assertThat(mix.isSubstitute(config, "blk.0.ffn_gate.weight", odd)).isTrue();
    assertThat(mix.isSubstitute(config, "blk.0.ffn_gate.weight", List.of(64L, 256L))).isFalse();
    assertThat(mix.isSubstitute(config, "blk.0.ffn_norm.weight", List.of(100L))).isFalse();
  }

  @Test
  void namesAreThoseOfLlamaCpp() {
    assertThat(QuantizationMix.of("q4_k_m")).contains(QuantizationMix.Q4_K_M);
    assertThat(QuantizationMix.of("Q4_K")).contains(QuantizationMix.Q4_K_M);
    assertThat(QuantizationMix.of("IQ2_XXS")).isEmpty();
    assertThat(QuantizationMix.available())
        .contains(QuantizationMix.F32, QuantizationMix.Q8_0, QuantizationMix.Q4_K_M)
        .allSatisfy(mix -> assertThat(QuantizationMix.of(mix.name())).contains(mix));
    Map<Integer, String> fileTypes = new TreeMap<>();
    for (QuantizationMix mix : QuantizationMix.values()) {
      fileTypes.put(mix.fileType(), mix.name());
    }
    assertThat(fileTypes.toString())
        .isEqualTo(
            "{0=F32, 1=F16, 2=Q4_0, 3=Q4_1, 7=Q8_0, 8=Q5_0, 9=Q5_1, 10=Q2_K, 11=Q3_K_S,"
                + " 12=Q3_K_M, 13=Q3_K_L, 14=Q4_K_S, 15=Q4_K_M, 16=Q5_K_S, 17=Q5_K_M, 18=Q6_K,"
                + " 21=Q2_K_S, 25=IQ4_NL, 30=IQ4_XS, 32=BF16}");
  }

  private static Map<String, DType> formats(ModelConfig config, QuantizationMix mix) {
    return Qwen2Tensors.of(config).stream()
        .collect(
            Collectors.toMap(
                Qwen2Tensors.Expected::name, t -> mix.format(config, t.name(), t.shape())));
  }

  /** "Q4_K" if all layers have it; "0-3 7:Q6_K Q4_K" if layers 0 to 3 and 7 have another. */
  private static String inLayers(Map<String, DType> formats, int layers, String matrix) {
    List<DType> types =
        IntStream.range(0, layers)
            .mapToObj(layer -> formats.get("blk." + layer + "." + matrix + ".weight"))
            .toList();
    DType first = types.getFirst();
    Optional<DType> other = types.stream().filter(type -> type != first).findFirst();
    if (other.isEmpty()) {
      return first.name();
    }
    assertThat(types).containsOnly(first, other.get());
    StringBuilder runs = new StringBuilder();
    for (int layer = 0; layer < layers; layer++) {
      int from = layer;
      while (layer < layers && types.get(layer) == first) {
        layer++;
      }
      if (layer > from) {
        runs.append(runs.isEmpty() ? "" : " ").append(from);
        runs.append(layer > from + 1 ? "-" + (layer - 1) : "");
      }
    }
    return runs + ":" + first + " " + other.get();
  }
}
