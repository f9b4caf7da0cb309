package dev.qwq.engine;

import dev.qwq.nativelib.ffi.Qwq;
import dev.qwq.nativelib.ffi.qwq_batch;
import dev.qwq.nativelib.ffi.qwq_sampled;
import dev.qwq.nativelib.ffi.qwq_sequence;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * One step in native memory: runs of tokens in, sampled tokens and log-probabilities out. All
 * buffers are taken once and used for every step. Belongs to the engine thread, but for the cancel
 * flag.
 */
final class StepBatch implements AutoCloseable {
  private static final int[] NOTHING = {};
  private static final VarHandle INT = Qwq.C_INT.varHandle();

  private final int maxRuns;
  private final int maxTokens;
  // Used and closed by the engine thread, created by whoever opens the engine.
  private final Arena arena = Arena.ofShared();
  private final MemorySegment batch = qwq_batch.allocate(arena);
  private final MemorySegment sequences;
  private final MemorySegment
      sampled; // [maxTokens], at the place of the token behind which is drawn
  private final MemorySegment tokens; // [maxTokens]
  private final MemorySegment targets; // [maxTokens]
  private final MemorySegment targetLogprobs; // [maxTokens]
  // Whoever cancels writes it, perhaps when the engine is closed and this batch is gone: it lives
  // as long as somebody can reach it.
  private final MemorySegment cancel;
  private int runs;
  private int usedTokens;

  StepBatch(int maxRuns, int maxTokens, MemorySegment cancelFlag) {
    this.maxRuns = maxRuns;
    this.maxTokens = maxTokens;
    sequences = qwq_sequence.allocateArray(maxRuns, arena);
    sampled = qwq_sampled.allocateArray(maxTokens, arena);
    tokens = arena.allocate(Qwq.C_INT, maxTokens);
    targets = arena.allocate(Qwq.C_INT, maxTokens);
    targetLogprobs = arena.allocate(Qwq.C_FLOAT, maxTokens);
    cancel = cancelFlag;
    qwq_batch.sequences(batch, sequences);
    qwq_batch.cancel(batch, cancel);
  }

  /** A cancel flag for {@link #StepBatch}, lowered. */
  static MemorySegment newCancelFlag() {
    return Arena.ofAuto().allocate(Qwq.C_INT);
  }

  /** Sets a cancel flag; native code polls it. Any thread. */
  static void setCancelFlag(MemorySegment flag, boolean raised) {
    INT.setVolatile(flag, 0L, raised ? 1 : 0);
  }

  void lowerCancelFlag() {
    setCancelFlag(cancel, false);
  }

  void clear() {
    runs = 0;
    usedTokens = 0;
  }

  int runs() {
    return runs;
  }

  int tokens() {
    return usedTokens;
  }

  /**
   * Adds the next {@code count} tokens of a sequence, which have one role and are covered by
   * blocks.
   *
   * @return the index of the run
   */
  int add(KvSequence sequence, int count) {
    return add(sequence, count, NOTHING, 0);
  }

  /**
   * Adds the next {@code count} tokens of a sequence and, behind them, tokens that are guessed to
   * follow. All have one role and are covered by blocks.
   *
   * @return the index of the run
   */
  int add(KvSequence sequence, int known, int[] drafts, int drafted) {
    int count = known + drafted;
    if (runs == maxRuns || count > maxTokens - usedTokens) {
      throw new IllegalStateException("a step of " + maxRuns + " runs, " + maxTokens + " tokens");
    }
    int from = sequence.computed();
    TokenHistory history = sequence.history();
    MemorySegment.copy(history.array(), from, tokens, Qwq.C_INT, byteOffset(usedTokens), known);
    MemorySegment.copy(
        drafts, 0, tokens, Qwq.C_INT, byteOffset((long) usedTokens + known), drafted);
    MemorySegment run = run(runs);
    qwq_sequence.tokens(run, tokens.asSlice(byteOffset(usedTokens)));
    qwq_sequence.n_tokens(run, count);
    qwq_sequence.block_table(run, sequence.blockTable());
    qwq_sequence.n_blocks(run, sequence.heldBlocks());
    qwq_sequence.position(run, from);
    qwq_sequence.role(run, history.role(from).nativeValue());
    qwq_sequence.n_samples(run, 0);
    qwq_sequence.sampling(run, MemorySegment.NULL);
    qwq_sequence.sampled(run, MemorySegment.NULL);
    qwq_sequence.logits(run, MemorySegment.NULL);
    qwq_sequence.n_logits(run, 0);
    qwq_sequence.targets(run, MemorySegment.NULL);
    qwq_sequence.target_logprobs(run, MemorySegment.NULL);
    usedTokens += count;
    return runs++;
  }

  /**
   * Draws a token behind each of the last tokens of the run added last.
   *
   * @param sampling as many {@code qwq_sampling}
   */
  void sample(int run, MemorySegment sampling, int draws) {
    MemorySegment struct = run(run);
    qwq_sequence.n_samples(struct, draws);
    qwq_sequence.sampling(struct, sampling);
    qwq_sequence.sampled(struct, qwq_sampled.asSlice(sampled, (long) usedTokens - draws));
  }

  /** Asks for the log-probability of the token that follows each of the run's, where one does. */
  void scoreFollowing(int run, TokenHistory history) {
    MemorySegment struct = run(run);
    int count = qwq_sequence.n_tokens(struct);
    int first = qwq_sequence.position(struct) + 1;
    long offset = (long) usedTokens - count;
    for (int i = 0; i < count; i++) {
      int next = first + i < history.size() ? history.token(first + i) : -1;
      targets.setAtIndex(Qwq.C_INT, offset + i, next);
    }
    qwq_sequence.targets(struct, targets.asSlice(byteOffset(offset)));
    qwq_sequence.target_logprobs(struct, targetLogprobs.asSlice(byteOffset(offset)));
  }

  /** Asks for the raw logits after each of the last {@code rows} tokens of the run. */
  void logits(int run, MemorySegment destination, int rows) {
    qwq_sequence.logits(run(run), destination);
    qwq_sequence.n_logits(run(run), rows);
  }

  /** How many tokens were drawn in a run. */
  int draws(int run) {
    return qwq_sequence.n_samples(run(run));
  }

  int sampledToken(int run, int draw) {
    return qwq_sampled.token(sampled(run, draw));
  }

  float sampledLogprob(int run, int draw) {
    return qwq_sampled.logprob(sampled(run, draw));
  }

  private MemorySegment sampled(int run, int draw) {
    long first = qwq_sequence.sampled(run(run)).address() - sampled.address();
    return sampled.asSlice(first + draw * qwq_sampled.sizeof(), qwq_sampled.layout());
  }

  TopLogprobs topLogprobs(int run, int draw) {
    MemorySegment result = sampled(run, draw);
    int count = qwq_sampled.n_top(result);
    if (count == 0) {
      return TopLogprobs.NONE;
    }
    int[] ids = new int[count];
    float[] logprobs = new float[count];
    for (int i = 0; i < count; i++) {
      ids[i] = qwq_sampled.top_tokens(result, i);
      logprobs[i] = qwq_sampled.top_logprobs(result, i);
    }
    return new TopLogprobs(ids, logprobs);
  }

  /** Copies the log-probabilities that {@link #scoreFollowing} asked for. */
  void readScores(int run, float[] destination, int at, int count) {
    MemorySegment scores = qwq_sequence.target_logprobs(run(run));
    MemorySegment.copy(scores, Qwq.C_FLOAT, 0, destination, at, count);
  }

  /** The {@code qwq_batch} with everything added so far. */
  MemorySegment struct() {
    qwq_batch.n_sequences(batch, runs);
    return batch;
  }

  private MemorySegment run(int index) {
    return qwq_sequence.asSlice(sequences, index);
  }

  private static long byteOffset(long index) {
    return index * Integer.BYTES;
  }

  @Override
  public void close() {
    arena.close();
  }
}
