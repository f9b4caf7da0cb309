package dev.qwq.model;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * What a model recommends for generation; empty where its files say nothing.
 *
 * @param doSample whether to sample at all; {@code false} recommends greedy decoding
 * @param temperature the temperature, at least 0
 * @param topK how many tokens to keep; 0 keeps all
 * @param topP the probability to keep, in (0, 1]
 * @param minP the least probability relative to the best token's, in [0, 1)
 * @param repetitionPenalty divides logits of tokens already seen, above 0; 1 is off
 * @param presencePenalty is subtracted from logits of tokens already generated
 * @param frequencyPenalty is subtracted for each time a token was generated
 * @param eosTokenIds the ids that end a turn, each once, the model's main one first
 */
public record GenerationDefaults(
    Optional<Boolean> doSample,
    OptionalDouble temperature,
    OptionalInt topK,
    OptionalDouble topP,
    OptionalDouble minP,
    OptionalDouble repetitionPenalty,
    OptionalDouble presencePenalty,
    OptionalDouble frequencyPenalty,
    List<Integer> eosTokenIds) {

  /** Copies the list. */
  public GenerationDefaults {
    eosTokenIds = List.copyOf(eosTokenIds);
  }
}
