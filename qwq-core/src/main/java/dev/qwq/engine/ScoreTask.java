package dev.qwq.engine;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import dev.qwq.engine.GenerationEnd.Reason;
import dev.qwq.nativelib.ffi.Qwq;
import java.lang.foreign.MemorySegment;
import java.util.NavigableSet;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/** Teacher forcing: computes a text and keeps how likely each of its tokens was. */
final class ScoreTask extends Task {
  // Rows of logits fetched by one step: 16 x 152,064 x 4 B are 10 MB.
  private static final int MAX_LOGIT_ROWS = 16;

  private final NavigableSet<Integer> logitsAt;
  private final IntConsumer progress;
  private final int vocabSize;
  private final float[] logprobs;
  private final SortedMap<Integer, float[]> logits = new TreeMap<>();
  private final CompletableFuture<Scores> result = new CompletableFuture<>();
  private @Nullable OffHeapBuffer logitRows; // [MAX_LOGIT_ROWS, vocabSize]

  ScoreTask(
      SchedulerLoop loop,
      KvSequence sequence,
      int[] tokens,
      NavigableSet<Integer> logitsAt,
      IntConsumer progress,
      int vocabSize) {
    super(loop, sequence, tokens, 0);
    this.logitsAt = logitsAt;
    this.progress = progress;
    this.vocabSize = vocabSize;
    logprobs = new float[tokens.length - 1];
  }

  /** Completes when the task is over; with a {@link CancellationException} if it was cancelled. */
  CompletableFuture<Scores> result() {
    return result;
  }

  @Override
  boolean reusesBlocks() {
    return false; // The likelihood of a token comes with computing it.
  }

  @Override
  void begin(int cached) {
    if (!logitsAt.isEmpty()) {
      int rows = Math.min(MAX_LOGIT_ROWS, prompt().length);
      logitRows = new OffHeapBuffer(Qwq.C_FLOAT, (long) rows * vocabSize);
    }
  }

  /** Ends a run with the last of the positions whose logits fit the rows, if it has any. */
  @Override
  int runLength() {
    Integer first = logitsAt.ceiling(sequence().computed());
    int length = super.runLength();
    return first == null ? length : Math.min(length, lastOfRows(first) + 1 - sequence().computed());
  }

  /** The last position that shares the rows with {@code first}. */
  private int lastOfRows(int first) {
    Integer last = logitsAt.floor(first + MAX_LOGIT_ROWS - 1);
    return last == null ? first : last;
  }

  @Override
  void prepare(int count) {}

  @Override
  void addTo(StepBatch batch, int count) {
    int run = batch.add(sequence(), count);
    batch.scoreFollowing(run, sequence().history());
    int rows = rowsOf(sequence().computed(), count);
    if (rows > 0 && logitRows != null) {
      batch.logits(run, logitRows.segment(), rows);
    }
  }

  /** How many of the last tokens of a run to fetch logits for. */
  private int rowsOf(int from, int count) {
    Integer first = logitsAt.ceiling(from);
    return first == null || first >= from + count ? 0 : from + count - first;
  }

  @Override
  @Nullable Reason computed(StepBatch batch, int run, int count) {
    int end = sequence().computed();
    int from = end - count;
    batch.readScores(run, logprobs, from, Math.min(end, logprobs.length) - from);
    int rows = rowsOf(from, count);
    if (rows > 0 && logitRows != null) {
      readLogits(logitRows.segment(), end - rows, end);
    }
    progress.accept(end);
    return end == prompt().length ? Reason.STOP : null;
  }

  private void readLogits(MemorySegment rows, int from, int end) {
    for (int position : logitsAt.subSet(from, end)) {
      float[] row = new float[vocabSize];
      long index = (long) (position - from) * vocabSize;
      MemorySegment.copy(rows, Qwq.C_FLOAT, index * Float.BYTES, row, 0, vocabSize);
      logits.put(position, row);
    }
  }

  private Scores scores() {
    double sum = 0;
    for (float logprob : logprobs) {
      sum -= logprob;
    }
    return new Scores(logprobs, sum / logprobs.length, logits);
  }

  @Override
  void ended(Reason reason, @Nullable QwqException failure) {
    if (logitRows != null) {
      logitRows.close();
      logitRows = null;
    }
    switch (reason) {
      case STOP, LENGTH -> result.complete(scores());
      case CANCELLED, DEADLINE, REPETITION ->
          result.completeExceptionally(new CancellationException("cancelled"));
      case FAILED ->
          result.completeExceptionally(
              failure != null ? failure : new QwqException(ErrorCode.INTERNAL, "no reason given"));
    }
  }
}
