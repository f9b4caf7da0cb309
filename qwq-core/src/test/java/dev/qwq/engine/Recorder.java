package dev.qwq.engine;

import dev.qwq.engine.GenerationEnd.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/** Keeps what a generation says. Override a method to do more; call the super method first. */
class Recorder implements GenerationListener {
  // Only reached when a test fails: much longer than any generation here takes.
  private static final long PATIENCE_SECONDS = 120;

  private final List<Integer> tokens = new ArrayList<>();
  private final List<TopLogprobs> tops = new ArrayList<>();
  private final List<String> prefills = new ArrayList<>();
  private final AtomicInteger ends = new AtomicInteger();
  private final CompletableFuture<GenerationEnd> end = new CompletableFuture<>();

  @Override
  public void onPrefill(int processed, int total, int cached) {
    prefills.add(processed + "/" + total + "/" + cached);
  }

  @Override
  public void onToken(int token, float logprob, TopLogprobs top) {
    tokens.add(token);
    tops.add(top);
  }

  @Override
  public void onEnd(GenerationEnd outcome) {
    ends.incrementAndGet();
    end.complete(outcome);
  }

  /** Waits for the end. */
  GenerationEnd end() {
    try {
      return end.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException | ExecutionException | TimeoutException e) {
      throw new AssertionError("the generation did not end", e);
    }
  }

  Reason reason() {
    return end().reason();
  }

  /** All tokens, once the generation is over. */
  int[] tokens() {
    end();
    return tokens.stream().mapToInt(Integer::intValue).toArray();
  }

  List<TopLogprobs> tops() {
    end();
    return tops;
  }

  /** {@code processed/total/cached} of each call. */
  List<String> prefills() {
    end();
    return prefills;
  }

  /** How often {@code onEnd} was called so far. */
  int ends() {
    return ends.get();
  }
}
