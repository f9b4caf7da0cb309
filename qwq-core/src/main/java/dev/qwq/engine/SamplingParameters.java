package dev.qwq.engine;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import dev.qwq.nativelib.ffi.Qwq;
import java.util.Map;

/**
 * How the next token is drawn. Order of operations: logit bias; repetition, frequency, presence
 * penalties; mask; temperature; min-p; top-k; top-p; draw. Immutable; the constructor refuses
 * values out of range with {@link ErrorCode#INVALID_ARGUMENT}, naming the parameter.
 *
 * @param temperature 0 or more; 0 = always the most likely token (the lowest id on ties)
 * @param topK draw from the k most likely tokens only; 0 = off
 * @param topP draw from the fewest tokens whose probabilities reach p, in (0, 1]; 1 = off
 * @param minP draw from tokens at least p times as likely as the likeliest, in [0, 1); 0 = off
 * @param presencePenalty subtracted once from the logit of a token generated before; 0 = off
 * @param frequencyPenalty subtracted from the logit for each time generated before; 0 = off
 * @param repetitionPenalty divides positive and multiplies negative logits of tokens of prompt and
 *     answer, above 0; 1 = off
 * @param seed of the random draws: the same seed gives the same tokens, whatever else runs
 * @param topLogprobs how many of the likeliest tokens to report with each token, 0 to 20
 * @param logitBias added to the logits of these ids; negative infinity forbids
 */
public record SamplingParameters(
    float temperature,
    int topK,
    float topP,
    float minP,
    float presencePenalty,
    float frequencyPenalty,
    float repetitionPenalty,
    long seed,
    int topLogprobs,
    Map<Integer, Float> logitBias) {

  /** Checks every parameter. */
  public SamplingParameters {
    check(temperature >= 0 && Float.isFinite(temperature), "temperature", "0 or more", temperature);
    check(topK >= 0, "topK", "0 or more", topK);
    check(topP > 0 && topP <= 1, "topP", "above 0, at most 1", topP);
    check(minP >= 0 && minP < 1, "minP", "at least 0, below 1", minP);
    check(Float.isFinite(presencePenalty), "presencePenalty", "a finite number", presencePenalty);
    check(
        Float.isFinite(frequencyPenalty), "frequencyPenalty", "a finite number", frequencyPenalty);
    check(
        repetitionPenalty > 0 && Float.isFinite(repetitionPenalty),
        "repetitionPenalty",
        "above 0",
        repetitionPenalty);
    check(
        topLogprobs >= 0 && topLogprobs <= Qwq.QWQ_MAX_TOP_LOGPROBS(),
        "topLogprobs",
        "0 to " + Qwq.QWQ_MAX_TOP_LOGPROBS(),
        topLogprobs);
    logitBias = Map.copyOf(logitBias);
    logitBias.forEach(
        (id, bias) -> {
          check(id >= 0, "logitBias", "token ids from 0", id);
          check(
              !bias.isNaN() && bias != Float.POSITIVE_INFINITY,
              "logitBias of token " + id,
              "a number or negative infinity",
              bias);
        });
  }

  /**
   * Returns parameters that always take the most likely token.
   *
   * @return temperature 0, everything else off, seed 0
   */
  public static SamplingParameters greedy() {
    return new SamplingParameters(0, 0, 1, 0, 0, 0, 1, 0, 0, Map.of());
  }

  /** True if the penalties look at the tokens generated so far. */
  boolean countsGenerated() {
    return presencePenalty != 0 || frequencyPenalty != 0 || repetitionPenalty != 1;
  }

  /** True if the penalties look at the prompt as well. */
  boolean countsPrompt() {
    return repetitionPenalty != 1;
  }

  private static void check(boolean good, String parameter, String expected, Object found) {
    if (!good) {
      throw new QwqException(
          ErrorCode.INVALID_ARGUMENT, parameter + ": expected " + expected + ", found " + found);
    }
  }
}
