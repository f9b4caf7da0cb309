package dev.qwq.engine;

import dev.qwq.QwqException;
import dev.qwq.engine.GenerationEnd.Reason;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** A generation: computes the prompt, then draws token after token. */
final class GenerationTask extends Task {
  private final GenerationRequest request;
  private final GenerationListener listener;
  private final EngineInfo engine;
  private final long submitted = System.nanoTime();
  private final PrefillEvent prefillEvent = new PrefillEvent();
  private @Nullable SamplerState sampler;
  private MemorySegment sampling = MemorySegment.NULL;
  private int cached;
  private int reported;
  private int generated;
  private long begun;
  private long firstToken;

  GenerationTask(
      SchedulerLoop loop,
      KvSequence sequence,
      GenerationRequest request,
      GenerationListener listener,
      EngineInfo engine) {
    super(loop, sequence, request.prompt());
    this.request = request;
    this.listener = listener;
    this.engine = engine;
  }

  @Override
  void begin(int cachedTokens) {
    begun = System.nanoTime();
    prefillEvent.begin();
    cached = cachedTokens;
    reported = cachedTokens;
    sampler =
        new SamplerState(request.sampling(), request.mask(), request.prompt(), engine.vocabSize());
    listener.onPrefill(cached, request.prompt().length, cached);
  }

  /** True if these tokens are the last that are known, so that the next one is drawn. */
  private boolean reachesEnd(int count) {
    return sequence().computed() + count == sequence().history().size();
  }

  @Override
  void prepare(int count) {
    sampling =
        reachesEnd(count) && sampler != null ? sampler.prepare(generated) : MemorySegment.NULL;
  }

  @Override
  void addTo(StepBatch batch, int count) {
    int run = batch.add(sequence(), count);
    if (!sampling.equals(MemorySegment.NULL)) {
      batch.sample(run, sampling);
    }
  }

  @Override
  @Nullable Reason computed(StepBatch batch, int run, int count) {
    int processed = Math.min(sequence().computed(), request.prompt().length);
    if (processed > reported) {
      reported = processed;
      listener.onPrefill(processed, request.prompt().length, cached);
    }
    return reachesEnd(0) ? drawn(batch, run) : null;
  }

  private @Nullable Reason drawn(StepBatch batch, int run) {
    if (generated == 0) {
      firstToken = System.nanoTime();
      prefillEvent.promptTokens = request.prompt().length;
      prefillEvent.cachedTokens = cached;
      prefillEvent.commit();
    }
    int token = batch.sampledToken(run);
    generated++;
    sequence().history().append(token, TokenRole.GENERATED);
    if (sampler != null) {
      sampler.drawn(token);
    }
    listener.onToken(token, batch.sampledLogprob(run), batch.topLogprobs(run));
    for (int stop : request.stopTokens()) {
      if (token == stop) {
        return Reason.STOP;
      }
    }
    boolean full = sequence().history().size() >= engine.contextLength();
    return full || generated == request.maxTokens() ? Reason.LENGTH : null;
  }

  @Override
  void ended(Reason reason, @Nullable QwqException failure) {
    if (sampler != null) {
      sampler.close();
      sampler = null;
    }
    long now = System.nanoTime();
    listener.onEnd(
        new GenerationEnd(
            reason,
            request.prompt().length,
            cached,
            generated,
            (begun != 0 ? begun : now) - submitted,
            begun == 0 ? 0 : (firstToken != 0 ? firstToken : now) - begun,
            firstToken == 0 ? 0 : now - firstToken,
            failure));
  }
}
