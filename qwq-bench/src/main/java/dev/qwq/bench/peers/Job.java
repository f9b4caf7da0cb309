package dev.qwq.bench.peers;

import dev.qwq.model.ModelSource;
import dev.qwq.tokenizer.Tokenizer;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What one process measures: open, prefill each prompt, generate, generate in many sequences.
 *
 * @param model absolute path of a GGUF file
 * @param threads threads that compute
 * @param context tokens of the longest sequence
 * @param warmup a prompt to begin with, not measured
 * @param prompts prompts to prefill
 * @param decodePrompt prompt that decoding goes on from
 * @param generate tokens to generate after the first; 0: none
 * @param batch a prompt for each sequence that decodes together with the others; empty: none
 * @param endTokens ids that would end a reply, to be forbidden
 * @param cpuIsa instruction set for qwq; null: the best
 */
record Job(
    String model,
    int threads,
    int context,
    int[] warmup,
    List<int[]> prompts,
    int[] decodePrompt,
    int generate,
    List<int[]> batch,
    List<Integer> endTokens,
    @Nullable String cpuIsa) {
  private static final int WARMUP_TOKENS = 32;
  private static final int DECODE_PROMPT_TOKENS = 16;

  /** Makes a job with random prompts; the same seed gives the same ones. */
  static Job of(
      Path model,
      int threads,
      List<Integer> promptLengths,
      int generate,
      int sequences,
      long seed,
      @Nullable String cpuIsa) {
    try (ModelSource source = ModelSource.open(model)) {
      int vocabulary = source.tokenizer().map(Tokenizer::size).orElse(source.config().vocabSize());
      Set<Integer> added = new TreeSet<>();
      source
          .tokenizer()
          .ifPresent(
              tokenizer ->
                  IntStream.range(0, vocabulary).filter(tokenizer::isAdded).forEach(added::add));
      int[] ids = IntStream.range(0, vocabulary).filter(id -> !added.contains(id)).toArray();
      Random random = new Random(seed);
      int longest = promptLengths.stream().mapToInt(Integer::intValue).max().orElse(0);
      return new Job(
          model.toAbsolutePath().toString(),
          threads,
          Math.max(longest, WARMUP_TOKENS + generate) + 16,
          prompt(random, ids, WARMUP_TOKENS),
          promptLengths.stream().map(length -> prompt(random, ids, length)).toList(),
          prompt(random, ids, DECODE_PROMPT_TOKENS),
          generate,
          IntStream.range(0, generate == 0 ? 0 : sequences)
              .mapToObj(i -> prompt(random, ids, DECODE_PROMPT_TOKENS))
              .toList(),
          List.copyOf(source.generationDefaults().eosTokenIds()),
          cpuIsa);
    }
  }

  private static int[] prompt(Random random, int[] ids, int length) {
    return random.ints(length, 0, ids.length).map(i -> ids[i]).toArray();
  }
}
