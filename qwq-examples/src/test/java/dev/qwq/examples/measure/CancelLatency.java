package dev.qwq.examples.measure;

import dev.qwq.ChatEvent;
import dev.qwq.FinishReason;
import dev.qwq.GenerationOptions;
import dev.qwq.Model;
import dev.qwq.ReplyStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * Measures how long a cancelled reply goes on computing. Arguments: a model, the number of rounds
 * (default 20), the prompt's tokens (default 1000). In each round a random prompt is cancelled at a
 * random moment of its prefill; what counts is the time from the call to the stream's end, when the
 * step has stopped.
 */
final class CancelLatency {
  private static final long SEED = 20261125;

  private CancelLatency() {}

  public static void main(String[] args) throws InterruptedException {
    int rounds = args.length > 1 ? Integer.parseInt(args[1]) : 20;
    int promptTokens = args.length > 2 ? Integer.parseInt(args[2]) : 1000;
    Random random = new Random(SEED);
    double[] millis = new double[rounds];
    try (Model model = Model.open(Path.of(args[0]))) {
      System.out.printf("%s%nseed %d%n", model.info(), SEED);
      int ids = model.tokenizer().map(t -> t.size()).orElse(model.info().vocabSize());
      for (int round = 0; round < rounds; round++) {
        int[] prompt = random.ints(promptTokens, 0, ids).toArray();
        try (ReplyStream stream = model.stream(prompt, GenerationOptions.defaults())) {
          ChatEvent first = stream.next();
          if (!(first instanceof ChatEvent.Progress)) {
            throw new IllegalStateException("expected progress, found " + first);
          }
          TimeUnit.MILLISECONDS.sleep(random.nextInt(1500));
          long start = System.nanoTime();
          stream.cancel();
          FinishReason reason = stream.reply().finishReason();
          millis[round] = (System.nanoTime() - start) / 1e6;
          if (reason != FinishReason.CANCELLED) {
            throw new IllegalStateException(
                "round " + round + " had ended before: " + reason + "; take a longer prompt");
          }
        }
      }
    }
    Arrays.sort(millis);
    System.out.printf(
        "%d cancels in mid-prefill: median %.1f ms, worst %.1f ms%n",
        rounds, millis[rounds / 2], millis[rounds - 1]);
  }
}
