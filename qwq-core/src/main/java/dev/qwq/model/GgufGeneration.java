package dev.qwq.model;

import dev.qwq.tokenizer.Tokenizer;
import dev.qwq.weights.GgufFile;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/** Reads generation defaults from a GGUF file's metadata. */
final class GgufGeneration {
  private static final List<String> EOS_KEYS =
      List.of(
          "tokenizer.ggml.eos_token_id",
          "tokenizer.ggml.eot_token_id",
          "tokenizer.ggml.eom_token_id");

  /** Tokens that end a turn or a text in every model that has them, whatever its metadata says. */
  private static final List<String> EOS_TOKENS = List.of("<|im_end|>", "<|endoftext|>");

  private GgufGeneration() {}

  static GenerationDefaults read(GgufFile gguf, ModelConfig config, Optional<Tokenizer> tokenizer) {
    GgufFields fields = new GgufFields(gguf.path(), gguf.metadata());
    Set<Integer> eos = new LinkedHashSet<>();
    for (String key : EOS_KEYS) {
      fields.integer(key, 0, config.vocabSize() - 1).ifPresent(eos::add);
    }
    tokenizer.ifPresent(t -> EOS_TOKENS.forEach(token -> t.id(token).ifPresent(eos::add)));
    return new GenerationDefaults(
        Optional.empty(),
        fields.number("general.sampling.temp", 0, Double.MAX_VALUE),
        fields.integer("general.sampling.top_k", 0, Integer.MAX_VALUE),
        fields.number("general.sampling.top_p", 0, 1),
        fields.number("general.sampling.min_p", 0, 1),
        fields.number("general.sampling.penalty_repeat", Limits.MIN_EPS, Double.MAX_VALUE),
        OptionalDouble.empty(),
        OptionalDouble.empty(),
        List.copyOf(eos));
  }
}
