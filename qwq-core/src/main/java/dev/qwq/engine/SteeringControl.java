package dev.qwq.engine;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import org.jspecify.annotations.Nullable;

/** Keeps what a steering asks for until the task does it. */
final class SteeringControl implements Steering.Control {
  private final int vocabSize;
  private SamplingParameters sampling;
  private boolean samplingChanged;
  private int[] forced = {};
  private int next; // of `forced`
  private GenerationEnd.@Nullable Reason end;

  SteeringControl(SamplingParameters sampling, int vocabSize) {
    this.sampling = sampling;
    this.vocabSize = vocabSize;
  }

  @Override
  public void force(int... tokens) {
    for (int token : tokens) {
      checkToken("forced tokens", token);
    }
    int waiting = forced.length - next;
    int[] all = new int[waiting + tokens.length];
    System.arraycopy(forced, next, all, 0, waiting);
    System.arraycopy(tokens, 0, all, waiting, tokens.length);
    forced = all;
    next = 0;
  }

  @Override
  public void end(GenerationEnd.Reason reason) {
    if (reason == GenerationEnd.Reason.FAILED) {
      throw new IllegalArgumentException("a steering fails by an exception");
    }
    end = reason;
  }

  @Override
  public SamplingParameters sampling() {
    return sampling;
  }

  @Override
  public void sampling(SamplingParameters parameters) {
    parameters.logitBias().keySet().forEach(id -> checkToken("logitBias", id));
    sampling = parameters;
    samplingChanged = true;
  }

  private void checkToken(String where, int token) {
    if (token < 0 || token >= vocabSize) {
      throw new QwqException(
          ErrorCode.INVALID_ARGUMENT,
          "%s: expected token ids from 0 to %d, found %d".formatted(where, vocabSize - 1, token));
    }
  }

  GenerationEnd.@Nullable Reason end() {
    return end;
  }

  /** True if the next token is not to be drawn. */
  boolean hasForced() {
    return next < forced.length;
  }

  int nextForced() {
    return forced[next++];
  }

  /** True if {@link #takeChange} would give something. */
  boolean hasChange() {
    return samplingChanged;
  }

  /** The parameters if they were changed since this was asked last, else null. */
  @Nullable SamplingParameters takeChange() {
    if (!samplingChanged) {
      return null;
    }
    samplingChanged = false;
    return sampling;
  }
}
