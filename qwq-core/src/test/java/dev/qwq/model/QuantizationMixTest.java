package dev.qwq.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qwq.weights.DType;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The mixes give files of the sizes in which models are published. */
class QuantizationMixTest {
  @ParameterizedTest
  @CsvSource({"F16, 65529991168", "Q8_0, 34814906368", "Q4_0, 18634252288", "Q4_K_M, 19845357568"})
  void qwqHasThePublishedSize(QuantizationMix mix, long bytes) {
    assertThat(Shapes.QWQ_32B.weightBytes(mix)).isEqualTo(bytes);
  }

  @Test
  void everyThirdLayerBetweenTheEighthsHasMoreBits() {
    ModelConfig config = Shapes.QWQ_32B.config();
    List<Integer> layers =
        IntStream.range(0, 64)
            .filter(
                layer ->
                    QuantizationMix.Q4_K_M.format(
                            config, "blk." + layer + ".attn_v.weight", List.of(1024L, 5120L))
                        == DType.Q6_K)
            .boxed()
            .toList();
    assertThat(layers)
        .containsExactly(
            0, 1, 2, 3, 4, 5, 6, 7, 10, 13, 16, 19, 22, 25, 28, 31, 34, 37, 40, 43, 46, 49, 52, 55,
            56, 57, 58, 59, 60, 61, 62, 63);
    assertThat(format(config, "token_embd.weight", 5120)).isEqualTo(DType.Q4_K);
    assertThat(format(config, "output.weight", 5120)).isEqualTo(DType.Q6_K);
    assertThat(format(config, "blk.8.ffn_down.weight", 27_648)).isEqualTo(DType.Q4_K);
    assertThat(format(config, "blk.63.ffn_down.weight", 27_648)).isEqualTo(DType.Q6_K);
  }

  @Test
  void rowsOfNoWholeNumberOfBlocksFallBack() {
    ModelConfig config = Shapes.QWEN_0_5B.config();
    assertThat(format(config, "token_embd.weight", 896)).isEqualTo(DType.Q8_0); // tied: the output
    assertThat(format(config, "blk.9.attn_q.weight", 896)).isEqualTo(DType.Q5_0);
    assertThat(format(config, "blk.0.attn_v.weight", 896)).isEqualTo(DType.Q8_0);
    assertThat(format(config, "blk.0.ffn_down.weight", 4864)).isEqualTo(DType.Q6_K);
    assertThat(format(config, "blk.0.ffn_gate.weight", 100)).isEqualTo(DType.F16);
  }

  private static DType format(ModelConfig config, String name, long cols) {
    return QuantizationMix.Q4_K_M.format(config, name, List.of(64L, cols));
  }
}
