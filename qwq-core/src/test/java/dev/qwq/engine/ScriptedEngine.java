package dev.qwq.engine;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import dev.qwq.nativelib.ffi.qwq_batch;
import dev.qwq.nativelib.ffi.qwq_sampled;
import dev.qwq.nativelib.ffi.qwq_sampling;
import dev.qwq.nativelib.ffi.qwq_sequence;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.Semaphore;

/**
 * A real engine over steps that follow a script, for tests of what is above it: a generation's
 * length, failure and duration are what the test says. The first token of a prompt is the script.
 */
public final class ScriptedEngine {
  /** A prompt that begins with this token is followed by letters, as many as asked for. */
  public static final int WRITE = 0;

  /** The step that computes this token fails. */
  public static final int FAIL = 1;

  /** The step that computes this token ends when it is cancelled, not before. */
  public static final int HOLD = 2;

  private static final int VOCAB_SIZE = 1 << 12;
  private static final int BLOCK_SIZE = 1 << 20;

  private final int letter;
  private final Semaphore held = new Semaphore(0);

  /**
   * Creates a script.
   *
   * @param letter the token that is generated over and over
   */
  public ScriptedEngine(int letter) {
    this.letter = letter;
  }

  /** Opens an engine whose conversations may have as many tokens as an int can count. */
  public Engine open() {
    EngineInfo info =
        new EngineInfo(
            BackendKind.REFERENCE,
            "scripted",
            1,
            VOCAB_SIZE,
            Integer.MAX_VALUE,
            BLOCK_SIZE,
            Integer.MAX_VALUE / BLOCK_SIZE + 1,
            "none",
            1,
            Integer.MAX_VALUE,
            0,
            64,
            8,
            1000);
    return Engine.over(new Script(), info, () -> {});
  }

  /** Waits until a step has come upon {@link #HOLD}. */
  public void awaitHeld() {
    held.acquireUninterruptibly();
  }

  private final class Script extends StepOnly {
    @Override
    public boolean step(StepBatch batch) {
      MemorySegment struct = batch.struct();
      for (int i = 0; i < qwq_batch.n_sequences(struct); i++) {
        MemorySegment run = qwq_sequence.asSlice(qwq_batch.sequences(struct), i);
        int first = qwq_sequence.tokens(run).get(ValueLayout.JAVA_INT, 0);
        if (qwq_sequence.position(run) == 0 && first == FAIL) {
          throw new QwqException(ErrorCode.INTERNAL, "the script says so");
        }
        if (qwq_sequence.position(run) == 0 && first == HOLD) {
          held.release();
          while (!SimulatedModel.isRaised(qwq_batch.cancel(struct))) {
            Thread.onSpinWait();
          }
        }
        if (SimulatedModel.isRaised(qwq_batch.cancel(struct))) {
          return false;
        }
        if (qwq_sequence.n_samples(run) > 0) {
          MemorySegment sampled = qwq_sequence.sampled(run);
          qwq_sampled.token(sampled, letter);
          qwq_sampled.logprob(sampled, 0);
          qwq_sampled.n_top(sampled, qwq_sampling.n_top_logprobs(qwq_sequence.sampling(run)));
        }
      }
      return true;
    }
  }
}
