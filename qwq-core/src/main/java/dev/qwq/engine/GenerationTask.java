package dev.qwq.engine;

import dev.qwq.QwqException;
import dev.qwq.engine.GenerationEnd.Reason;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A generation: computes the prompt, then draws token after token. What its steering forces goes
 * into the history at once, to be computed with the token before it, so that the task still goes on
 * from the history alone.
 */
final class GenerationTask extends Task {
  private static final Logger LOG = LoggerFactory.getLogger(GenerationTask.class);

  private final GenerationRequest request;
  private final GenerationListener listener;
  private final EngineInfo engine;
  private final long submitted = System.nanoTime();
  private final QueueEvent queueEvent = new QueueEvent();
  private final PrefillEvent prefillEvent = new PrefillEvent();
  private final CancelEvent cancelEvent = new CancelEvent();
  private final SteeringControl control;
  private @Nullable SamplerState sampler;
  private MemorySegment sampling = MemorySegment.NULL;
  private @Nullable Drafter drafter;
  private final int[] drafts = new int[Drafter.MOST];
  private int window = Drafter.MOST / 2; // how many tokens to guess
  private int draftLimit;
  private @Nullable Throwable draftFailure;
  private int verified;
  private int drafted;
  private int accepted;
  private int cached;
  private int reported;
  private int generated;
  private int forced;
  private boolean asked;
  private long begun;
  private long firstToken;

  GenerationTask(
      SchedulerLoop loop,
      KvSequence sequence,
      GenerationRequest request,
      GenerationListener listener,
      EngineInfo engine) {
    super(loop, sequence, request.prompt(), request.resumed());
    this.request = request;
    this.listener = listener;
    this.engine = engine;
    queueEvent.begin();
    control = new SteeringControl(request.sampling(), engine.vocabSize());
  }

  @Override
  int priority() {
    return request.scheduling().priority();
  }

  @Override
  void begin(int cachedTokens) {
    begun = System.nanoTime();
    prefillEvent.begin();
    cached = cachedTokens;
    noteBegin();
    reported = cachedTokens;
    sampler =
        new SamplerState(request.sampling(), request.mask(), request.prompt(), engine.vocabSize());
    resume(sampler);
    drafter = request.speculation().drafter(request);
    listener.onPrefill(cached, request.prompt().length, cached);
  }

  private void noteBegin() {
    loop().meter().begun(request.prompt().length, cached);
    if (queueEvent.shouldCommit()) {
      queueEvent.priority = priority();
      queueEvent.running = loop().running();
      queueEvent.waiting = loop().waiting();
    }
    queueEvent.commit();
    CacheEvent cacheEvent = new CacheEvent();
    cacheEvent.promptTokens = request.prompt().length;
    cacheEvent.cachedTokens = cached;
    cacheEvent.evictions = loop().evictions();
    cacheEvent.commit();
  }

  /** Brings all that follows the generation to where its first tokens, if there are any, end. */
  private void resume(SamplerState state) {
    Steering steering = request.steering();
    int[] prompt = request.prompt();
    for (int i = prompt.length - request.resumed(); i < prompt.length; i++) {
      state.accept(prompt[i]);
      if (steering != null) {
        steering.resumed(prompt[i]);
      }
    }
  }

  @Override
  void found() {
    int processed = Math.min(sequence().computed(), request.prompt().length);
    if (processed > reported) {
      cached += processed - reported;
      loop().meter().found(processed - reported);
      reported = processed;
      listener.onPrefill(processed, request.prompt().length, cached);
    }
  }

  /** True if these tokens are the last that are known, so that the next one is drawn. */
  private boolean reachesEnd(int count) {
    return sequence().computed() + count >= sequence().history().size();
  }

  @Override
  void beginDraft(int most) {
    int limit = Math.min(Math.min(most, window), request.maxTokens() - generated - 1);
    draftLimit = Math.min(limit, engine.contextLength() - sequence().history().size() - 1);
    if (drafter != null && draftLimit > 0) {
      int draw = request.resumed() + generated;
      guarded(drafter, d -> d.begin(sequence().history(), draw, draftLimit));
    }
  }

  @Override
  int draft(Drafter.Patience patience) {
    SamplerState state = sampler;
    if (drafter == null || state == null || draftLimit <= 0) {
      return 0;
    }
    int[] count = {0};
    guarded(
        drafter,
        d -> {
          int guesses = d.finish(sequence().history(), drafts, draftLimit, patience);
          count[0] = state.allowed(drafts, usable(guesses));
        });
    return count[0];
  }

  /** Guesses up to the first that ends the generation, or that the model does not know. */
  private int usable(int guesses) {
    for (int i = 0; i < guesses; i++) {
      if (drafts[i] < 0 || drafts[i] >= engine.vocabSize() || isStop(drafts[i])) {
        return i;
      }
    }
    return guesses;
  }

  private boolean isStop(int token) {
    for (int stop : request.stopTokens()) {
      if (token == stop) {
        return true;
      }
    }
    return false;
  }

  /** What goes wrong while guessing, in a mask perhaps, ends this generation in its next step. */
  private void guarded(Drafter subject, Consumer<Drafter> action) {
    try {
      action.accept(subject);
    } catch (RuntimeException | Error e) {
      draftFailure = e;
    }
  }

  @Override
  int verified() {
    return verified;
  }

  @Override
  void prepare(int count) {
    sampling = MemorySegment.NULL;
    if (draftFailure != null) {
      throw StepExecutor.asFailure(draftFailure);
    }
    if (reachesEnd(count) && sampler != null) {
      askFirst();
      if (!control.hasForced() && control.end() == null) {
        applyChange();
        int draw = request.resumed() + generated;
        int guesses = count - known(count);
        sampling = guesses == 0 ? sampler.prepare(draw) : sampler.prepare(draw, drafts, guesses);
      }
    }
  }

  /** Asks the steering before the first draw; once, though the step may be repeated. */
  private void askFirst() {
    Steering steering = request.steering();
    if (steering != null && !asked) {
      asked = true;
      steering.beforeFirst(control);
    }
  }

  @Override
  void addTo(StepBatch batch, int count) {
    int known = known(count);
    int run = batch.add(sequence(), known, drafts, count - known);
    if (!sampling.equals(MemorySegment.NULL)) {
      batch.sample(run, sampling, 1 + count - known);
    }
  }

  @Override
  @Nullable Reason computed(StepBatch batch, int run, int count) {
    verified = 0;
    int processed = Math.min(sequence().computed(), request.prompt().length);
    if (processed > reported) {
      reported = processed;
      listener.onPrefill(processed, request.prompt().length, cached);
    }
    if (!reachesEnd(0)) {
      return null;
    }
    Reason end = control.end();
    if (end == null && !sampling.equals(MemorySegment.NULL)) {
      end = takeDrawn(batch, run, batch.draws(run) - 1);
    }
    while (end == null && control.hasForced()) {
      forced++;
      int token = control.nextForced();
      noteSample(token, Float.NaN, true, false);
      end = take(token, Float.NaN, TopLogprobs.NONE, true);
    }
    return end;
  }

  /**
   * Takes what was drawn: a token, and behind each guess that it confirms another one. A guess that
   * was wrong, or that what has happened meanwhile makes worthless, ends it.
   */
  private @Nullable Reason takeDrawn(StepBatch batch, int run, int guesses) {
    Reason end = null;
    int right = 0;
    boolean goesOn = true;
    for (int i = 0; goesOn; i++) {
      int token = batch.sampledToken(run, i);
      boolean confirmed = i < guesses && token == drafts[i];
      noteSample(token, batch.sampledLogprob(run, i), false, confirmed);
      end = take(token, batch.sampledLogprob(run, i), batch.topLogprobs(run, i), false);
      right += confirmed ? 1 : 0;
      // What was drawn behind a change does not count: that token is computed again, to draw anew.
      verified += confirmed && !control.hasChange() ? 1 : 0;
      goesOn = confirmed && end == null && !control.hasForced() && !control.hasChange();
    }
    if (guesses > 0) {
      drafted += guesses;
      accepted += right;
      loop().meter().guessed(guesses, right);
      window = right == guesses ? Math.min(2 * guesses, Drafter.MOST) : right + 1;
    }
    return end;
  }

  private static void noteSample(int token, float logprob, boolean forced, boolean guessed) {
    SampleEvent event = new SampleEvent();
    event.token = token;
    event.logprob = logprob;
    event.forced = forced;
    event.guessed = guessed;
    event.commit();
  }

  /** Takes the next token; returns how the generation ends with it, or null. */
  private @Nullable Reason take(int token, float logprob, TopLogprobs top, boolean isForced) {
    if (generated == 0) {
      firstToken = System.nanoTime();
      prefillEvent.promptTokens = request.prompt().length;
      prefillEvent.cachedTokens = cached;
      prefillEvent.commit();
    }
    generated++;
    loop().meter().generated(1);
    sequence().history().append(token, TokenRole.GENERATED);
    if (sampler != null) {
      sampler.accept(token);
    }
    listener.onToken(token, logprob, top);
    if (isStop(token)) {
      return Reason.STOP;
    }
    if (sequence().history().size() >= engine.contextLength() || generated == request.maxTokens()) {
      return Reason.LENGTH;
    }
    Steering steering = request.steering();
    if (steering == null) {
      return null;
    }
    steering.after(token, isForced, control);
    return control.end();
  }

  private void applyChange() {
    SamplingParameters change = control.takeChange();
    if (change != null && sampler != null) {
      TokenHistory history = sequence().history();
      int promptEnd = request.prompt().length - request.resumed();
      sampler.change(change, history.array(), promptEnd, history.size());
    }
  }

  @Override
  void asked() {
    cancelEvent.begin();
  }

  @Override
  void ended(Reason reason, @Nullable QwqException failure) {
    loop().meter().ended(reason);
    if (isCancelled()) {
      cancelEvent.reason = reason.name();
      cancelEvent.generatedTokens = generated;
      cancelEvent.commit();
    }
    try {
      free();
    } finally {
      tellEnd(reason, failure); // Somebody waits for it.
    }
  }

  private void free() {
    SamplerState usedSampler = sampler;
    Drafter usedDrafter = drafter;
    sampler = null;
    drafter = null;
    try {
      if (usedSampler != null) {
        usedSampler.close();
      }
    } finally {
      if (usedDrafter != null) {
        usedDrafter.close();
      }
    }
  }

  private void tellEnd(Reason reason, @Nullable QwqException failure) {
    long now = System.nanoTime();
    GenerationEnd end =
        new GenerationEnd(
            reason,
            request.prompt().length,
            cached,
            generated,
            forced,
            drafted,
            accepted,
            (begun != 0 ? begun : now) - submitted,
            begun == 0 ? 0 : (firstToken != 0 ? firstToken : now) - begun,
            firstToken == 0 ? 0 : now - firstToken,
            failure);
    log(end);
    listener.onEnd(end);
  }

  private static void log(GenerationEnd end) {
    LOG.atDebug()
        .addKeyValue("reason", end.reason())
        .addKeyValue("promptTokens", end.promptTokens())
        .addKeyValue("cachedTokens", end.cachedTokens())
        .addKeyValue("generatedTokens", end.generatedTokens())
        .addKeyValue("acceptedTokens", end.acceptedTokens())
        .addKeyValue("queueMillis", end.queueNanos() / 1_000_000)
        .addKeyValue("prefillMillis", end.prefillNanos() / 1_000_000)
        .addKeyValue("decodeMillis", end.decodeNanos() / 1_000_000)
        .log("A generation has ended");
  }
}
