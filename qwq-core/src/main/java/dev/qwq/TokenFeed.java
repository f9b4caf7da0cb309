package dev.qwq;

import dev.qwq.engine.GenerationEnd;
import dev.qwq.engine.GenerationListener;
import dev.qwq.engine.TopLogprobs;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Carries what a generation does from the engine's thread to the thread that consumes the reply, so
 * that the engine never waits for a consumer. Holds at most as many tokens as the context does.
 */
final class TokenFeed implements GenerationListener {
  /** What happened. */
  sealed interface Signal {}

  record Prefill(int processed, int total) implements Signal {}

  /** A token; forced if it was not drawn. */
  record Token(int id, boolean forced) implements Signal {}

  /** The tokens up to here repeat their last {@code period}. */
  record Repetition(int period, int repeats, RepetitionPolicy.Action action) implements Signal {}

  record End(GenerationEnd end) implements Signal {}

  private final BlockingQueue<Signal> signals = new LinkedBlockingQueue<>();

  @Override
  public void onPrefill(int processed, int total, int cached) {
    signals.add(new Prefill(processed, total));
  }

  @Override
  public void onToken(int token, float logprob, TopLogprobs top) {
    signals.add(new Token(token, Float.isNaN(logprob)));
  }

  /** The reply goes round in circles; called behind the last token of a round. */
  void onRepetition(int period, int repeats, RepetitionPolicy.Action action) {
    signals.add(new Repetition(period, repeats, action));
  }

  @Override
  public void onEnd(GenerationEnd end) {
    signals.add(new End(end));
  }

  /** Waits for the next signal. */
  Signal take() throws InterruptedException {
    return signals.take();
  }

  /** Waits for the next signal, or for the time to pass: null then. */
  @Nullable Signal poll(long nanos) throws InterruptedException {
    return signals.poll(nanos, TimeUnit.NANOSECONDS);
  }
}
