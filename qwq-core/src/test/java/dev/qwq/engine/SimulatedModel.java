package dev.qwq.engine;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import dev.qwq.nativelib.ffi.Qwq;
import dev.qwq.nativelib.ffi.qwq_batch;
import dev.qwq.nativelib.ffi.qwq_sampled;
import dev.qwq.nativelib.ffi.qwq_sampling;
import dev.qwq.nativelib.ffi.qwq_sequence;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * Stands in for the native library: a real paged cache, and a hash of every cached token and role
 * instead of a transformer. One wrong slot, role, position or sampling field changes every token
 * that follows. Checks what the C header demands of its caller.
 */
final class SimulatedModel implements Stepper {
  private static final VarHandle INT = Qwq.C_INT.varHandle();
  private static final long EMPTY = -1;

  private final int vocabSize;
  private final int blockSize;
  private final long[] cache; // token and role of each slot
  private final EngineInfo info;
  private final AtomicInteger largestStep = new AtomicInteger();
  private final AtomicInteger mostRuns = new AtomicInteger();
  private final AtomicInteger computedTokens = new AtomicInteger();
  private volatile Consumer<MemorySegment> beforeStep = flag -> {};
  private volatile int poison = -1;
  private volatile Map<Integer, Integer> lastSeen = Map.of();

  SimulatedModel(EngineInfo info) {
    this.info = info;
    vocabSize = info.vocabSize();
    blockSize = info.kvBlockSize();
    cache = new long[info.kvBlocks() * blockSize];
    Arrays.fill(cache, EMPTY);
  }

  static EngineInfo info(int contextLength, int kvBlocks, int maxBatchTokens, int maxSequences) {
    return new EngineInfo(
        BackendKind.REFERENCE,
        "simulated",
        1,
        97,
        contextLength,
        8,
        kvBlocks,
        "none",
        8,
        kvBlocks * 64L,
        0,
        maxBatchTokens,
        maxSequences,
        1000);
  }

  /** Called in each step, with the cancel flag, before anything is computed. */
  void beforeStep(Consumer<MemorySegment> action) {
    beforeStep = action;
  }

  /** Steps fail that compute this token. */
  void poison(int token) {
    poison = token;
  }

  static boolean isRaised(MemorySegment cancelFlag) {
    return (int) INT.getVolatile(cancelFlag, 0L) != 0;
  }

  /** The seen tokens of the last draw, with their counts. */
  Map<Integer, Integer> lastSeen() {
    return lastSeen;
  }

  int largestStep() {
    return largestStep.get();
  }

  /** Tokens of all steps so far. */
  int computedTokens() {
    return computedTokens.get();
  }

  int mostRuns() {
    return mostRuns.get();
  }

  @Override
  public boolean step(StepBatch batch) {
    MemorySegment struct = batch.struct();
    MemorySegment flag = qwq_batch.cancel(struct);
    beforeStep.accept(flag);
    if (isRaised(flag)) {
      return false;
    }
    int count = qwq_batch.n_sequences(struct);
    require(count >= 1 && count <= info.maxSequences(), "n_sequences " + count);
    mostRuns.accumulateAndGet(count, Math::max);
    MemorySegment sequences = qwq_batch.sequences(struct);
    int tokens = 0;
    BitSet written = new BitSet();
    for (int i = 0; i < count; i++) {
      MemorySegment run = qwq_sequence.asSlice(sequences, i);
      tokens += qwq_sequence.n_tokens(run);
      checkBlocks(run, written);
    }
    require(tokens <= info.maxBatchTokens(), "tokens " + tokens);
    largestStep.accumulateAndGet(tokens, Math::max);
    computedTokens.addAndGet(tokens);
    for (int i = 0; i < count; i++) {
      compute(qwq_sequence.asSlice(sequences, i));
    }
    return true;
  }

  private void checkBlocks(MemorySegment run, BitSet written) {
    int position = qwq_sequence.position(run);
    int tokens = qwq_sequence.n_tokens(run);
    require(tokens > 0, "n_tokens " + tokens);
    require(position >= 0 && position + tokens <= info.contextLength(), "position " + position);
    int blocks = Math.ceilDiv(position + tokens, blockSize);
    require(qwq_sequence.n_blocks(run) >= blocks, "n_blocks " + qwq_sequence.n_blocks(run));
    for (int i = 0; i < blocks; i++) {
      int block = qwq_sequence.block_table(run).getAtIndex(Qwq.C_INT, i);
      require(block >= 0 && block < info.kvBlocks(), "block " + block);
      if (i >= position / blockSize) {
        require(!written.get(block), "block " + block + " is written by two runs");
        written.set(block);
      }
    }
  }

  @Override
  public void copyBlock(int from, int to) {
    require(from >= 0 && from < info.kvBlocks(), "from " + from);
    require(to >= 0 && to < info.kvBlocks(), "to " + to);
    System.arraycopy(cache, from * blockSize, cache, to * blockSize, blockSize);
  }

  @Override
  public long blockBytes() {
    return (long) blockSize * Long.BYTES;
  }

  @Override
  public void readBlock(int block, MemorySegment destination) {
    require(destination.byteSize() == blockBytes(), "bytes " + destination.byteSize());
    MemorySegment.copy(cache, block * blockSize, destination, ValueLayout.JAVA_LONG, 0, blockSize);
  }

  @Override
  public void writeBlock(int block, MemorySegment source) {
    require(source.byteSize() == blockBytes(), "bytes " + source.byteSize());
    MemorySegment.copy(source, ValueLayout.JAVA_LONG, 0, cache, block * blockSize, blockSize);
  }

  private void compute(MemorySegment run) {
    int position = qwq_sequence.position(run);
    int count = qwq_sequence.n_tokens(run);
    MemorySegment targets = qwq_sequence.targets(run);
    int firstLogits = count - qwq_sequence.n_logits(run);
    int firstSample = count - qwq_sequence.n_samples(run);
    long state = 0;
    for (int i = 0; i < count; i++) {
      int token = qwq_sequence.tokens(run).getAtIndex(Qwq.C_INT, i);
      require(token >= 0 && token < vocabSize, "token " + token);
      if (token == poison) {
        throw new QwqException(ErrorCode.INTERNAL, "poisoned");
      }
      cache[slot(run, position + i)] = token * 2L + qwq_sequence.role(run);
      state = attend(run, position + i);
      if (targets.address() != 0 && targets.getAtIndex(Qwq.C_INT, i) >= 0) {
        int target = targets.getAtIndex(Qwq.C_INT, i);
        qwq_sequence.target_logprobs(run).setAtIndex(Qwq.C_FLOAT, i, logit(state, target));
      }
      if (i >= firstLogits) {
        for (int id = 0; id < vocabSize; id++) {
          qwq_sequence
              .logits(run)
              .setAtIndex(Qwq.C_FLOAT, (i - firstLogits) * (long) vocabSize + id, logit(state, id));
        }
      }
      if (i >= firstSample) {
        int draw = i - firstSample;
        sample(
            state,
            qwq_sampling.asSlice(qwq_sequence.sampling(run), draw),
            qwq_sampled.asSlice(qwq_sequence.sampled(run), draw));
      }
    }
  }

  /** A hash of everything in the cache up to a position. */
  private long attend(MemorySegment run, int position) {
    long state = 1;
    for (int i = 0; i <= position; i++) {
      long slot = cache[slot(run, i)];
      require(slot != EMPTY, "position " + i + " was never computed");
      state = mix(state * 31 + slot);
    }
    return state;
  }

  private int slot(MemorySegment run, int position) {
    int block = qwq_sequence.block_table(run).getAtIndex(Qwq.C_INT, position / blockSize);
    return block * blockSize + position % blockSize;
  }

  private void sample(long state, MemorySegment sampling, MemorySegment sampled) {
    long key = state;
    if (qwq_sampling.temperature(sampling) > 0) {
      key = mix(mix(key + qwq_sampling.seed(sampling)) + qwq_sampling.draw(sampling));
    }
    Map<Integer, Integer> seen = new HashMap<>();
    for (int i = 0; i < qwq_sampling.n_seen(sampling); i++) {
      int token = qwq_sampling.seen_tokens(sampling).getAtIndex(Qwq.C_INT, i);
      int count = qwq_sampling.seen_counts(sampling).getAtIndex(Qwq.C_INT, i);
      require(seen.put(token, count) == null, "seen token " + token + " twice");
      // A sum, so that the order of the arrays is free.
      key += mix(token * 1000L + count);
    }
    lastSeen = seen;
    int token = (int) Long.remainderUnsigned(mix(key), vocabSize);
    MemorySegment mask = qwq_sampling.allowed_mask(sampling);
    while (mask.address() != 0
        && (mask.getAtIndex(Qwq.C_INT, token / 32) >>> (token % 32) & 1) == 0) {
      token = (token + 1) % vocabSize;
    }
    qwq_sampled.token(sampled, token);
    qwq_sampled.logprob(sampled, logit(state, token));
    int top = qwq_sampling.n_top_logprobs(sampling);
    qwq_sampled.n_top(sampled, top);
    for (int i = 0; i < top; i++) {
      qwq_sampled.top_tokens(sampled, i, i);
      qwq_sampled.top_logprobs(sampled, i, logit(state, i));
    }
  }

  static float logit(long state, int token) {
    return -Long.remainderUnsigned(mix(state + token), 1000) / 100f;
  }

  /** The hash that {@link #attend} gives for prompt tokens only. */
  static long promptState(int[] tokens, int end) {
    long state = 1;
    for (int i = 0; i <= end; i++) {
      state = mix(state * 31 + tokens[i] * 2L);
    }
    return state;
  }

  static long mix(long value) {
    long z = value + 0x9E3779B97F4A7C15L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  private static void require(boolean good, String what) {
    if (!good) {
      throw new AssertionError("broken contract: " + what);
    }
  }
}
