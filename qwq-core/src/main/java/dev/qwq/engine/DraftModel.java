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

  /** Longest pause, in steps, after guesses that came too late. */
  private static final int LONGEST_PAUSE = 256;

  private final Engine engine;
  private final SamplingParameters sampling;
  private final int promptLength;
  private int read; // tokens the draft's cache holds or is about to
  private @Nullable KvSequence sequence;
  private @Nullable Guess pending;
  private int pause; // steps to go without guessing
  private int nextPause = 1;
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
  public void begin(TokenHistory history, int draw, int most) {
    if (broken || isBusy() || pause-- > 0) {
      return;
    }
    pause = 0;
    int size = history.size();
    int limit = Math.min(most, engine.info().contextLength() - size);
    if (limit <= 0) {
      return;
    }
    try {
      boolean near = size - read <= NEAR;
      Guess guess = new Guess(near ? limit : 1, near);
      GenerationRequest request =
          new GenerationRequest(Arrays.copyOf(history.array(), size), sampling, guess.tokens.length)
              .resuming(Math.max(0, size - promptLength));
      if (sequence == null) {
        sequence = engine.newSequence();
      }
      engine.submit(sequence, request, guess);
      read = size;
      pending = guess;
    } catch (QwqException e) {
      // A token that the draft does not know, a context too short for it: no guesses from here on.
      LOG.debug("The draft model gives up", e);
      broken = true;
    }
  }

  /** True while the draft is still at something that was begun in an earlier step. */
  private boolean isBusy() {
    Guess guess = pending;
    if (guess == null) {
      return false;
    }
    if (!guess.isDone()) {
      return true;
    }
    pending = null; // It came too late: the text has gone on.
    return false;
  }

  @Override
  public int finish(TokenHistory history, int[] into, int most, Patience patience) {
    Guess guess = pending;
    if (guess == null || !guess.forThisStep) {
      return 0;
    }
    if (!guess.await(patience)) {
      // It goes on beside the steps, so that the draft's cache keeps up.
      guess.forThisStep = false;
      pause = nextPause;
      nextPause = Math.min(2 * nextPause, LONGEST_PAUSE);
      return 0;
    }
    pending = null;
    nextPause = 1;
    if (guess.computedAnew > NEAR) {
      read = 0; // Others took its blocks.
    }
    System.arraycopy(guess.tokens, 0, into, 0, guess.count);
    return guess.count;
  }

  @Override
  public void close() {
    if (sequence != null) {
      sequence.close();
    }
  }

  /** One run of the draft model. */
  private static final class Guess implements GenerationListener {
    private static final long SLICE_NANOS = 1_000_000;

    private final int[] tokens;
    private final CountDownLatch end = new CountDownLatch(1);
    private boolean forThisStep;
    private int count;
    private int computedAnew;

    Guess(int most, boolean forThisStep) {
      tokens = new int[most];
      this.forThisStep = forThisStep;
    }

    boolean isDone() {
      return end.getCount() == 0;
    }

    /** Waits for the end; false if it takes too long. */
    boolean await(Patience patience) {
      try {
        while (!end.await(SLICE_NANOS, TimeUnit.NANOSECONDS)) {
          if (patience.isOver()) {
            return false;
          }
        }
        return true;
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
      computedAnew = outcome.promptTokens() - outcome.cachedTokens();
      end.countDown();
    }
  }
}
