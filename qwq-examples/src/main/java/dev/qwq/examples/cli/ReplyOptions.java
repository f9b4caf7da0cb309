package dev.qwq.examples.cli;

import dev.qwq.GenerationOptions;
import dev.qwq.ReasoningFormat;
import dev.qwq.Sampler;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** How replies are drawn and where they end. What is not given is what the model recommends. */
final class ReplyOptions {
  @Option(
      names = {"-n", "--max-tokens"},
      paramLabel = "N",
      description = "Most tokens of a reply, thinking included (default: to the context's end).")
  private @Nullable Integer maxTokens;

  @Option(
      names = "--temperature",
      paramLabel = "T",
      description =
          "0 takes the most likely token; for this and the next five the model's own is"
              + " the default.")
  private @Nullable Float temperature;

  @Option(names = "--top-k", paramLabel = "K", description = "Draw from the K most likely; 0: all.")
  private @Nullable Integer topK;

  @Option(
      names = "--top-p",
      paramLabel = "P",
      description = "Draw from the most likely that add up to P; 1: all.")
  private @Nullable Float topP;

  @Option(
      names = "--min-p",
      paramLabel = "P",
      description = "Draw from what is at least P times as likely as the best; 0: all.")
  private @Nullable Float minP;

  @Option(
      names = "--presence-penalty",
      paramLabel = "P",
      description = "Against repetition, 0 to 2; much of it may mix languages.")
  private @Nullable Float presencePenalty;

  @Option(
      names = "--frequency-penalty",
      paramLabel = "P",
      description = "Against repetition, growing with each time.")
  private @Nullable Float frequencyPenalty;

  @Option(
      names = "--repetition-penalty",
      paramLabel = "R",
      description = "Against tokens of prompt and reply; 1: off. Harms QwQ.")
  private @Nullable Float repetitionPenalty;

  @Option(
      names = "--stop",
      paramLabel = "S",
      description = "End where S appears; may be given more than once (default: none).")
  private List<String> stop = List.of();

  @Option(
      names = {"-s", "--seed"},
      paramLabel = "S",
      description = "The same seed gives the same reply (default: random).")
  private @Nullable Long seed;

  @Mixin private ThinkingOptions thinking = new ThinkingOptions();

  /**
   * Returns these options for the API.
   *
   * @param recommended what the model recommends
   * @param randomSeed the seed if none was given
   */
  GenerationOptions options(Sampler recommended, long randomSeed, ReasoningFormat format) {
    GenerationOptions.Builder builder =
        GenerationOptions.builder()
            .sampler(sampler(recommended).seed(seed == null ? randomSeed : seed).build())
            .stopStrings(stop.toArray(new String[0]))
            .reasoningFormat(format);
    thinking.addTo(builder);
    if (maxTokens != null) {
      builder.maxTokens(maxTokens);
    }
    return builder.build();
  }

  /** Fails as the API does if a value is out of its range. */
  void check() {
    options(Sampler.greedy(), 0, ReasoningFormat.AUTO);
  }

  boolean hasSeed() {
    return seed != null;
  }

  private Sampler.Builder sampler(Sampler recommended) {
    Sampler.Builder builder = recommended.toBuilder();
    if (temperature != null) {
      builder.temperature(temperature);
    }
    if (topK != null) {
      builder.topK(topK);
    }
    if (topP != null) {
      builder.topP(topP);
    }
    if (minP != null) {
      builder.minP(minP);
    }
    if (presencePenalty != null) {
      builder.presencePenalty(presencePenalty);
    }
    if (frequencyPenalty != null) {
      builder.frequencyPenalty(frequencyPenalty);
    }
    if (repetitionPenalty != null) {
      builder.repetitionPenalty(repetitionPenalty);
    }
    return builder;
  }
}
