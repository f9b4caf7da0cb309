package dev.qwq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class SamplerTest {
  @Test
  void drawsFromTheModelsOwnDistributionByDefault() {
    Sampler sampler = Sampler.builder().build();
    assertThat(sampler.temperature()).isEqualTo(1);
    assertThat(sampler.topK()).isZero();
    assertThat(sampler.topP()).isEqualTo(1);
    assertThat(sampler.minP()).isZero();
    assertThat(sampler.repetitionPenalty()).isEqualTo(1);
    assertThat(sampler.seed()).isEqualTo(OptionalLong.empty());
  }

  @Test
  void aBuilderFromASamplerChangesOneThing() {
    Sampler sampler =
        Sampler.builder()
            .temperature(0.6f)
            .topK(40)
            .topP(0.95f)
            .minP(0.01f)
            .presencePenalty(1)
            .frequencyPenalty(0.5f)
            .repetitionPenalty(1.05f)
            .seed(7)
            .logitBias(3, -1)
            .build();
    assertThat(sampler.toBuilder().build()).isEqualTo(sampler).hasSameHashCodeAs(sampler);
    Sampler other = sampler.toBuilder().logitBias(4, 2).build();
    assertThat(other).isNotEqualTo(sampler);
    assertThat(sampler.logitBias()).isEqualTo(Map.of(3, -1f));
  }

  @Test
  void namesTheFieldThatIsWrong() {
    refused(Sampler.builder().temperature(-0.1f), "temperature: expected 0 or more, found -0.1");
    refused(Sampler.builder().temperature(Float.NaN), "temperature");
    refused(Sampler.builder().topK(-1), "topK");
    refused(Sampler.builder().topP(0), "topP");
    refused(Sampler.builder().topP(1.01f), "topP");
    refused(Sampler.builder().minP(1), "minP");
    refused(Sampler.builder().presencePenalty(2.1f), "presencePenalty");
    refused(Sampler.builder().frequencyPenalty(Float.NaN), "frequencyPenalty");
    refused(Sampler.builder().repetitionPenalty(0), "repetitionPenalty");
    refused(Sampler.builder().logitBias(-1, 0), "logitBias token");
    refused(Sampler.builder().logitBias(1, Float.POSITIVE_INFINITY), "logitBias");
  }

  private static void refused(Sampler.Builder builder, String message) {
    assertThatThrownBy(builder::build)
        .isInstanceOf(QwqException.class)
        .hasMessageStartingWith(message)
        .extracting(e -> ((QwqException) e).code())
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
  }
}
