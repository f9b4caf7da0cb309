package dev.qwq.engine;

import dev.qwq.QwqException;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets a smaller model of the same vocabulary guess. It draws with the sampling and the random
 * numbers of the generation itself, so that it guesses right not only where the model is certain.
 *
 * <p>A draft that has far to read, such as a prompt, reads beside the steps of the model, which is
 * not guessed for meanwhile.
 */
final class DraftModel implements Drafter {
  private static final Logger LOG = LoggerFactory.getLogger(DraftModel.class);

  /** How many tokens the draft may have to read before it guesses within a step. */
  private static final int NEAR = 2 * MOST;

  /** Guesses that take longer hold the model up more than they help. */
  private static final long PATIENCE_MILLIS = 100;

  private final Engine engine;
  private final SamplingParameters sampling;
  private final int promptLength;
  private int read; // tokens the draft's cache holds or is about to
  private @Nullable KvSequence sequence;
  private @Nullable Guess pending;
  private boolean broken;

  /**
   * Begins to draft for a generation.
   *
   * @param engine runs the draft model
   * @param sampling how the generation draws
   * @param promptLength how many of its tokens were not generated
   */
  DraftModel(Engine engine, SamplingParameters sampling, int promptLength) {
    this.engine = engine;
    this.sampling = sampling;
    this.promptLength = promptLength;
  }

  @Override
  public int draft(TokenHistory history, int draw, int[] into, int most) {
    if (broken || (pending != null && !pending.isDone())) {
      return 0;
    }
    pending = null;
    int size = history.size();
    int limit = Math.min(most, engine.info().contextLength() - size);
    if (limit <= 0) {
      return 0;
    }
    try {
      boolean near = size - read <= NEAR;
      Guess guess = new Guess(near ? limit : 1);
      int generated = Math.max(0, size - promptLength);
      GenerationRequest request =
          new GenerationRequest(Arrays.copyOf(history.array(), size), sampling, guess.tokens.length)
              .resuming(generated);
      if (sequence == null) {
        sequence = engine.newSequence();
      }
      Generation generation = engine.submit(sequence, request, guess);
      read = size;
      pending = guess;
      if (!near) {
        return 0;
      }
      if (!guess.await()) {
        generation.cancel();
        return 0;
      }
      System.arraycopy(guess.tokens, 0, into, 0, guess.count);
      return guess.count;
    } catch (QwqException e) {
      // A token that the draft does not know, a context too short for it: no guesses from here on.
      LOG.debug("The draft model gives up", e);
      broken = true;
      return 0;
    }
  }

  @Override
  public void close() {
    if (sequence != null) {
      sequence.close();
    }
  }

  /** One run of the draft model. */
  private static final class Guess implements GenerationListener {
    private final int[] tokens;
    private final CountDownLatch end = new CountDownLatch(1);
    private int count;

    Guess(int most) {
      tokens = new int[most];
    }

    boolean isDone() {
      return end.getCount() == 0;
    }

    /** Waits for the end; false if it takes too long. */
    boolean await() {
      try {
        return end.await(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      }
    }

    @Override
    public void onToken(int token, float logprob, TopLogprobs top) {
      tokens[count++] = token;
    }

    @Override
    public void onEnd(GenerationEnd outcome) {
      end.countDown();
    }
  }
}
