package dev.qwq.examples.accuracy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qwq.Backend;
import dev.qwq.ErrorCode;
import dev.qwq.Evaluation;
import dev.qwq.Model;
import dev.qwq.ModelOptions;
import dev.qwq.QwqException;
import dev.qwq.examples.Golden;
import dev.qwq.examples.cli.TestModels;
import dev.qwq.model.QuantizationMix;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What computing in int8 costs, for every mix of formats: the mean negative log-likelihood (NLL) of
 * the bundled model's test conversations on the cpu backend against the same weights on the
 * reference backend, which dequantises them to double precision. On all instruction sets with a
 * fused multiply-add a quantised model's log-likelihoods are the same bits. Prints a table.
 */
class NllOfFormatsTest {
  private static final int TOKENS = 800;
  private static final List<String> FUSED = List.of("avx2", "avx512_vnni", "amx", "neon");
  private static final List<QuantizationMix> PLAIN =
      List.of(QuantizationMix.F32, QuantizationMix.F16, QuantizationMix.BF16);

  /** Its prompts have a recipe of their own. */
  private static final String TILES = "amx";

  /** Products of a layer and lm_head; each rounds its activations on its own. */
  private static final int PRODUCTS = 4 * 6 + 1;

  @TempDir static Path folder;

  @Test
  void roundingCostsLittleAndInInt8TheSameEverywhere() {
    List<int[]> texts = texts();
    Evaluations bf16 = evaluate(TestModels.bundled(), ModelOptions.builder(), texts);
    StringBuilder table = new StringBuilder("| mix | reference | cpu | difference |\n");
    table.append("|---|---|---|---|\n");
    for (QuantizationMix mix : QuantizationMix.available()) {
      Path file = Quantized.write(mix, folder);
      Evaluations reference =
          evaluate(file, ModelOptions.builder().backend(Backend.REFERENCE), texts);
      Map<String, Evaluations> cpu = onEachInstructionSet(file, texts);
      Evaluations best = cpu.values().iterator().next();
      double difference = best.nll() - reference.nll();
      table.append(
          String.format(
              Locale.ROOT,
              "| %s | %.4f | %.4f | %+.5f |%n",
              mix,
              reference.nll(),
              best.nll(),
              difference));
      cpu.forEach(
          (isa, evaluations) ->
              assertThat(Math.abs(evaluations.nll() - reference.nll()))
                  .as("%s on %s", mix, isa)
                  .isLessThanOrEqualTo(bound(mix, isa, reference)));
      if (!PLAIN.contains(mix)) {
        List<List<Float>> int8 =
            cpu.entrySet().stream()
                .filter(each -> !each.getKey().equals(TILES))
                .map(each -> each.getValue().logprobs())
                .toList();
        assertThat(int8).as("%s, but on %s", mix, TILES).allMatch(int8.getFirst()::equals);
      }
    }
    System.out.printf("BF16 on the best cpu variant: %.4f%n%n%s%n", bf16.nll(), table);
  }

  /**
   * Rounding activations to int8 moves the logits by a relative error of at most r = sqrt(products)
   * * 4 / (127 sqrt 12): each product rounds in steps of 1/127 of the largest of 32, which is at
   * most 4 times their root mean square, and they are independent. A log-likelihood is the
   * difference of a logit and the logarithm of a sum dominated by few: e = r sqrt 2 rms(logit). Of
   * the mean of n, the part of first order averages out to 3 e / sqrt n (three standard
   * deviations), that of second order is e^2 / 2. Formats that hold floats are off by the f16
   * rounding of the KV cache only, far less. Matrix units round activations to bf16 instead, by up
   * to 2^-8 of them, evenly, and the weights of quantised formats, too.
   */
  private static double bound(QuantizationMix mix, String isa, Evaluations reference) {
    double relative;
    if (isa.equals(TILES) && mix != QuantizationMix.F32 && mix != QuantizationMix.F16) {
      relative = Math.sqrt(2.0 * PRODUCTS / 3) * 0x1p-8;
    } else if (PLAIN.contains(mix)) {
      relative = 0x1p-11;
    } else {
      relative = Math.sqrt(PRODUCTS) * 4 / (127 * Math.sqrt(12));
    }
    double error = relative * Math.sqrt(2) * reference.rmsLogit();
    return 3 * error / Math.sqrt(reference.logprobs().size()) + error * error / 2;
  }

  private record Evaluations(List<Float> logprobs, double rmsLogit) {
    double nll() {
      return -logprobs.stream().mapToDouble(Float::doubleValue).average().orElseThrow();
    }
  }

  private static Map<String, Evaluations> onEachInstructionSet(Path file, List<int[]> texts) {
    Map<String, Evaluations> all = new LinkedHashMap<>();
    for (String isa : FUSED.reversed()) {
      try {
        all.put(isa, evaluate(file, ModelOptions.builder().cpuIsa(isa), texts));
      } catch (QwqException e) {
        assertThat(e.code()).as("%s", e.getMessage()).isEqualTo(ErrorCode.UNSUPPORTED_BACKEND);
      }
    }
    assertThat(all).as("instruction sets this machine has").isNotEmpty();
    return all;
  }

  private static Evaluations evaluate(Path file, ModelOptions.Builder options, List<int[]> texts) {
    List<Float> logprobs = new ArrayList<>();
    double squares = 0;
    int logits = 0;
    try (Model model = Model.open(file, options.build())) {
      for (int[] text : texts) {
        Evaluation evaluation = model.evaluate(text, text.length - 1);
        for (float logprob : evaluation.logprobs()) {
          logprobs.add(logprob);
        }
        for (float logit : evaluation.logits(text.length - 1)) {
          squares += (double) logit * logit;
          logits++;
        }
      }
    }
    return new Evaluations(logprobs, Math.sqrt(squares / logits));
  }

  /** Whole conversations, prompt and reply. */
  private static List<int[]> texts() {
    List<int[]> texts = new ArrayList<>();
    int tokens = 0;
    for (Golden.Case golden : Golden.cases()) {
      int[] text =
          IntStream.concat(IntStream.of(golden.promptTokens()), IntStream.of(golden.tokens()))
              .toArray();
      texts.add(text);
      tokens += text.length;
      if (tokens >= TOKENS) {
        break;
      }
    }
    return texts;
  }
}
