package dev.qwq.examples.cli;

import dev.qwq.GenerationOptions;
import dev.qwq.Model;
import dev.qwq.ReasoningFormat;
import dev.qwq.Reply;
import dev.qwq.ReplyStream;
import dev.qwq.Sampler;
import dev.qwq.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Speeds of a model on random prompts, the same ones each time the program runs. */
final class Bench {
  /** Tokens of the prompt that decoding goes on from. */
  static final int DECODE_PROMPT = 16;

  private static final long SEED = 42;

  private final Model model;
  private final int promptTokens;
  private final int generatedTokens;
  private final Random random = new Random(SEED);
  private final int vocabulary;
  private final Sampler sampler;

  Bench(Model model, int promptTokens, int generatedTokens) {
    this.model = model;
    this.promptTokens = promptTokens;
    this.generatedTokens = generatedTokens;
    vocabulary = model.tokenizer().map(Tokenizer::size).orElse(model.info().vocabSize());
    Sampler.Builder builder = model.sampler().toBuilder().seed(SEED);
    model
        .tokenizer()
        .map(Tokenizer::eosId)
        .ifPresent(eos -> eos.ifPresent(id -> builder.logitBias(id, Float.NEGATIVE_INFINITY)));
    sampler = builder.build();
  }

  /** Reads a prompt that no cache has seen; returns tokens per second. */
  double prefill() {
    Reply reply = complete(prompt(promptTokens), 1);
    int computed = reply.usage().promptTokens() - reply.usage().cachedTokens();
    return computed / (reply.usage().timeToFirstToken().toNanos() / 1e9);
  }

  /** Generates tokens; returns tokens per second, the first one's prefill left out. */
  double decode() {
    int steps = 0;
    double seconds = 0;
    int idle = 0;
    int[] prompt = prompt(DECODE_PROMPT);
    while (steps < generatedTokens) {
      Reply reply = complete(prompt, generatedTokens - steps + 1);
      int[] tokens = reply.tokens();
      // A model may end its turn early: go on with another prompt.
      if (tokens.length < 2) {
        if (++idle > 100) {
          throw new IllegalStateException("the model ends every turn at once");
        }
      } else {
        steps += tokens.length - 1;
        seconds += (tokens.length - 1) / reply.usage().tokensPerSecond();
      }
      prompt = prompt(DECODE_PROMPT);
    }
    return steps / seconds;
  }

  private Reply complete(int[] prompt, int maxTokens) {
    GenerationOptions options =
        GenerationOptions.builder()
            .sampler(sampler)
            .maxTokens(maxTokens)
            .reasoningFormat(ReasoningFormat.NONE)
            .build();
    try (ReplyStream stream = model.stream(prompt, options)) {
      return stream.reply();
    }
  }

  private int[] prompt(int tokens) {
    return random.ints(tokens, 0, vocabulary).toArray();
  }

  /** Returns median, least and most of some speeds. */
  static Map<String, Double> spread(double[] speeds) {
    double[] sorted = speeds.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    double median =
        sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    Map<String, Double> spread = new LinkedHashMap<>();
    spread.put("median", median);
    spread.put("min", sorted[0]);
    spread.put("max", sorted[sorted.length - 1]);
    return spread;
  }

  /** Returns the most memory this process was ever resident with; null where nobody counts it. */
  static @Nullable Long peakRssBytes() {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
        if (line.startsWith("VmHWM:")) {
          return Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024;
        }
      }
    } catch (IOException e) {
      return null; // not Linux
    }
    return null;
  }
}
