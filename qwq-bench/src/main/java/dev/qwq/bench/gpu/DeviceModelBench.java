package dev.qwq.bench.gpu;

import dev.qwq.GenerationOptions;
import dev.qwq.Model;
import dev.qwq.ReasoningFormat;
import dev.qwq.Reply;
import dev.qwq.ReplyStream;
import dev.qwq.Sampler;
import dev.qwq.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Speeds of an open model: many sequences side by side, each with a long past. */
final class DeviceModelBench {
  private final Model model;
  private final Random random = new Random(42);
  private final int vocabulary;
  private final Sampler sampler;

  DeviceModelBench(Model model) {
    this.model = model;
    vocabulary = model.tokenizer().map(Tokenizer::size).orElse(model.info().vocabSize());
    Sampler.Builder builder = model.sampler().toBuilder().seed(42);
    model
        .tokenizer()
        .map(Tokenizer::eosId)
        .ifPresent(eos -> eos.ifPresent(id -> builder.logitBias(id, Float.NEGATIVE_INFINITY)));
    sampler = builder.build();
  }

  /** Tells whether the KV cache has room for so many sequences. */
  boolean fits(int batch, int context, int generate) {
    long each = (long) context + generate + 1;
    return each <= model.info().contextLength()
        && batch * (each + 32) <= model.placement().kvCacheTokens();
  }

  /** Reads a prompt that no cache has seen; returns tokens a second. */
  double prefill(int tokens) {
    Reply reply = complete(prompt(tokens), 1);
    int computed = reply.usage().promptTokens() - reply.usage().cachedTokens();
    return computed / (reply.usage().timeToFirstToken().toNanos() / 1e9);
  }

  /**
   * Generates with several sequences at once; returns tokens a second of all together. What they
   * have read is in the cache before, so that they begin together.
   */
  double decode(int batch, int context, int generate) throws InterruptedException {
    List<int[]> prompts = new ArrayList<>();
    for (int i = 0; i < batch; i++) {
      int[] prompt = prompt(context);
      complete(prompt, 1);
      prompts.add(prompt);
    }
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Reply>> replies =
          prompts.stream()
              .map(prompt -> threads.submit(() -> complete(prompt, generate + 1)))
              .toList();
      double sum = 0;
      for (Future<Reply> reply : replies) {
        sum += reply.get().usage().tokensPerSecond();
      }
      return sum;
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    }
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
}
