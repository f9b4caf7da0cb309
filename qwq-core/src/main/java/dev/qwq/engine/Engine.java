package dev.qwq.engine;

import dev.qwq.ErrorCode;
import dev.qwq.KvCacheType;
import dev.qwq.ModelPlan;
import dev.qwq.QwqException;
import dev.qwq.model.ModelConfig;
import dev.qwq.model.ModelSource;
import dev.qwq.weights.ByteProgress;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.IntConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs many generations over one model. Each step of the model computes tokens of all of them
 * (continuous batching); what a generation yields does not depend on the others.
 *
 * <p>Thread-safe. The engine has one thread of its own, which calls listeners and is parked when
 * there is nothing to do, beside the native worker threads.
 */
public final class Engine implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Engine.class);
  private static final int KV_SCALE_RUN = 32;

  private final EngineInfo info;
  private final SchedulerLoop loop;
  private final Optional<ModelPlan> plan;

  private Engine(EngineInfo info, SchedulerLoop loop, Optional<ModelPlan> plan) {
    this.info = info;
    this.loop = loop;
    this.plan = plan;
  }

  /**
   * Sets an engine up: takes all memory it will ever need and starts its threads.
   *
   * @param model the model; it stays the caller's, and must not be closed before the engine is
   * @param options how to set up
   * @return a running engine
   * @throws QwqException with {@code OUT_OF_MEMORY}, {@code UNSUPPORTED_BACKEND}, {@code
   *     NATIVE_LIBRARY}, {@code INVALID_ARGUMENT}, or {@code UNSUPPORTED_MODEL}
   */
  public static Engine open(ModelSource model, EngineOptions options) {
    return open(model, model.config(), options);
  }

  /**
   * As {@link #open(ModelSource, EngineOptions)}, with hyper-parameters that are not all the
   * model's own, such as YaRN that its files leave off.
   *
   * @param model the model
   * @param config its hyper-parameters; they must fit its tensors
   * @param options how to set up
   * @return a running engine
   */
  public static Engine open(ModelSource model, ModelConfig config, EngineOptions options) {
    return open(model, config, options, (done, total) -> true);
  }

  /**
   * As {@link #open(ModelSource, ModelConfig, EngineOptions)}, and says how far weights have come
   * that are copied to devices.
   *
   * @param model the model
   * @param config its hyper-parameters
   * @param options how to set up
   * @param progress called on this thread; says whether to go on. Nobody hears of weights that are
   *     used where they are
   * @return a running engine
   * @throws CancellationException if {@code progress} says so, or this thread is interrupted
   */
  public static Engine open(
      ModelSource model, ModelConfig config, EngineOptions options, ByteProgress progress) {
    NativeModel nativeModel = nativeModel(model, config, options);
    NativeEngine nativeEngine = null;
    try {
      EnginePlanner.Decision decision =
          new EnginePlanner(model, config, nativeModel, options).decide();
      EngineSetup setup = decision.setup();
      ModelPlan plan = decision.plan();
      nativeEngine =
          new NativeEngine(nativeModel, setup, new WeightStream(deviceBytes(plan), progress));
      EngineInfo info =
          new EngineInfo(
              options.backend(),
              nativeEngine.isa(),
              setup.threads(),
              config.vocabSize(),
              plan.contextLength(),
              options.kvBlockSize(),
              setup.kvBlocks(),
              decision.memory().kvLayout(),
              decision.memory().kvBytesPerToken(),
              decision.memory().kvCacheBytes(),
              decision.memory().workspaceBytes(),
              options.maxBatchTokens(),
              options.maxSequences(),
              options.maxQueued());
      LOG.debug("Planned: {}", plan);
      return start(info, nativeEngine, nativeModel, plan);
    } catch (Throwable e) {
      if (nativeEngine != null) {
        nativeEngine.close();
      }
      nativeModel.close();
      throw e;
    }
  }

  /**
   * Says what {@link #open} would take, without taking it.
   *
   * @param model the model
   * @param config its hyper-parameters
   * @param options how to set up
   * @return the plan
   * @throws QwqException as {@link #open}
   */
  public static ModelPlan plan(ModelSource model, ModelConfig config, EngineOptions options) {
    try (NativeModel nativeModel = nativeModel(model, config, options)) {
      return new EnginePlanner(model, config, nativeModel, options).decide().plan();
    }
  }

  private static NativeModel nativeModel(
      ModelSource model, ModelConfig config, EngineOptions options) {
    checkKvCacheType(options.kvCacheType(), config.headDim());
    JdkCheck.warnOnce();
    NativeCalls.loadLibrary();
    return new NativeModel(model, config, options.guardMapping());
  }

  private static long deviceBytes(ModelPlan plan) {
    return plan.places().stream().mapToLong(ModelPlan.Place::weightBytes).sum();
  }

  private static void checkKvCacheType(KvCacheType type, int headDim) {
    if (type == KvCacheType.Q8_0 && headDim % KV_SCALE_RUN != 0) {
      throw new QwqException(
          ErrorCode.INVALID_ARGUMENT,
          "kvCacheType: Q8_0 keeps %d elements of a head to a scale, but a head of the model has %d: use AUTO"
              .formatted(KV_SCALE_RUN, headDim));
    }
  }

  private static Engine start(
      EngineInfo info, NativeEngine engine, NativeModel model, ModelPlan plan) {
    Runnable onExit =
        () -> {
          engine.close();
          model.close();
        };
    Engine started = over(engine, info, onExit, Optional.of(plan));
    LOG.debug("Engine started: {}", info);
    return started;
  }

  /**
   * Starts an engine over anything that steps.
   *
   * @param onExit called on the engine thread when it has come to its end
   */
  static Engine over(Stepper stepper, EngineInfo info, Runnable onExit) {
    return over(stepper, info, onExit, Optional.empty());
  }

  private static Engine over(
      Stepper stepper, EngineInfo info, Runnable onExit, Optional<ModelPlan> plan) {
    SchedulerLoop loop = new SchedulerLoop(info, stepper, onExit);
    loop.start();
    return new Engine(info, loop, plan);
  }

  /**
   * Begins a conversation.
   *
   * @return KV state with nothing in it
   * @throws QwqException with {@code CLOSED} if the engine is closed
   */
  public KvSequence newSequence() {
    if (loop.isClosing()) {
      throw loop.closed();
    }
    return new KvSequence(loop);
  }

  /**
   * Submits a generation. Returns at once; the listener hears the rest.
   *
   * <p>What the sequence holds is compared with the prompt: the common beginning is not computed
   * again, and the rest is forgotten. Tokens of the common beginning that were generated here count
   * as generated for the numeric recipe, so that going on after the last token of an answer gives
   * what would have come next without the pause.
   *
   * @param sequence the conversation's KV state, of this engine and not in use
   * @param request what to generate
   * @param listener hears of progress, tokens and the end
   * @return the handle to stop it
   * @throws QwqException with {@code CONTEXT_EXCEEDED} if the prompt leaves no room for a token,
   *     {@code QUEUE_FULL}, {@code SESSION_BUSY}, {@code CLOSED}, or {@code INVALID_ARGUMENT}; the
   *     listener is then never called
   */
  public Generation submit(
      KvSequence sequence, GenerationRequest request, GenerationListener listener) {
    Objects.requireNonNull(listener, "listener");
    checkTokens(request.prompt(), 1);
    request.sampling().logitBias().keySet().forEach(id -> checkToken("logitBias", id));
    if (!sequence.belongsTo(loop)) {
      throw new QwqException(
          ErrorCode.INVALID_ARGUMENT, "sequence: expected one of this engine, found another's");
    }
    GenerationTask task = new GenerationTask(loop, sequence, request, listener, info);
    loop.submit(task, request.scheduling().timeLimit());
    return new Generation(task);
  }

  /**
   * Computes how likely the model finds each token of a text after those before it. Shares the
   * engine with running generations. Blocks; an interrupt of the calling thread cancels.
   *
   * @param tokens the text, 1 to contextLength ids; nothing is prepended
   * @param logitsAt positions after which the raw logits are wanted; may be empty
   * @param progress is told how many tokens are computed, on the engine thread; must return quickly
   * @return log-probabilities, their mean, and logits
   * @throws QwqException with {@code CONTEXT_EXCEEDED}, {@code QUEUE_FULL}, {@code CLOSED}, or
   *     {@code INVALID_ARGUMENT}
   * @throws CancellationException if the calling thread is interrupted; its interrupt status is set
   */
  public Scores score(int[] tokens, int[] logitsAt, IntConsumer progress) {
    if (loop.isEngineThread()) {
      throw new IllegalStateException("score() blocks and was called by a listener");
    }
    if (tokens.length == 0) {
      throw new QwqException(
          ErrorCode.INVALID_ARGUMENT, "tokens: expected at least one, found none");
    }
    checkTokens(tokens, 0);
    NavigableSet<Integer> positions = new TreeSet<>();
    for (int position : logitsAt) {
      if (position < 0 || position >= tokens.length) {
        throw new QwqException(
            ErrorCode.INVALID_ARGUMENT,
            "logitsAt: expected 0 to " + (tokens.length - 1) + ", found " + position);
      }
      positions.add(position);
    }
    try (KvSequence sequence = newSequence()) {
      ScoreTask task =
          new ScoreTask(loop, sequence, tokens.clone(), positions, progress, info.vocabSize());
      loop.submit(task);
      return await(task);
    }
  }

  /**
   * Refuses at once what {@link #submit} would refuse for want of room. To be called before a
   * prompt is made: under overload most of them would be made in vain.
   *
   * @throws dev.qwq.QueueFullException if as many generations run and wait as may
   */
  public void checkRoom() {
    loop.checkRoom();
  }

  private Scores await(ScoreTask task) {
    CompletableFuture<Scores> result = task.result();
    try {
      return result.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      task.cancel();
      result.handle((scores, failure) -> failure).join(); // Soon, and regardless of interrupts.
      throw new CancellationException("interrupted");
    } catch (CancellationException e) {
      throw loop.isClosing() ? loop.closed() : e;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof QwqException failure) {
        throw new QwqException(failure.code(), String.valueOf(failure.getMessage()), failure);
      }
      throw new QwqException(ErrorCode.INTERNAL, "Scoring failed: " + e.getCause(), e);
    }
  }

  /**
   * Begins to move what a sequence holds out of or into the engine.
   *
   * @param sequence of this engine and not in use
   * @return the transfer; close it
   * @throws QwqException with {@code SESSION_BUSY} or {@code CLOSED}
   */
  public KvTransfer transfer(KvSequence sequence) {
    if (loop.isEngineThread()) {
      throw new IllegalStateException("a transfer blocks and was begun by a listener");
    }
    if (!sequence.belongsTo(loop)) {
      throw new QwqException(
          ErrorCode.INVALID_ARGUMENT, "sequence: expected one of this engine, found another's");
    }
    if (loop.isClosing()) {
      throw loop.closed();
    }
    return new KvTransfer(loop, sequence, info.kvBlockSize());
  }

  private void checkTokens(int[] tokens, int toGenerate) {
    if (tokens.length > info.contextLength() - toGenerate) {
      throw new QwqException(
          ErrorCode.CONTEXT_EXCEEDED,
          "The prompt has %d tokens, but the context has room for %d%s."
              .formatted(
                  tokens.length,
                  info.contextLength(),
                  toGenerate > 0 ? ", one of them to be generated" : ""));
    }
    for (int token : tokens) {
      checkToken("prompt", token);
    }
  }

  private void checkToken(String where, int token) {
    if (token < 0 || token >= info.vocabSize()) {
      throw new QwqException(
          ErrorCode.INVALID_ARGUMENT,
          "%s: expected token ids from 0 to %d, found %d"
              .formatted(where, info.vocabSize() - 1, token));
    }
  }

  /**
   * Returns what the engine was set up with.
   *
   * @return all values, defaults resolved
   */
  public EngineInfo info() {
    return info;
  }

  /**
   * Returns where the layers are computed, and what they take there.
   *
   * @return the plan that was carried out; empty for an engine without a model
   */
  public Optional<ModelPlan> plan() {
    return plan;
  }

  /**
   * Returns what the engine has done so far, as of the end of its last step. Does not wait.
   *
   * @return the counts
   */
  public EngineCounters counters() {
    return loop.meter().shown();
  }

  /** The counts as they are between two steps; waits for the end of the one that runs. */
  CompletableFuture<EngineCounters> load() {
    return loop.load();
  }

  /**
   * Refuses new work, cancels what runs or waits (listeners hear {@code CANCELLED}), waits for the
   * step in flight to stop, and frees everything; from here on the model may be closed. Idempotent;
   * any thread may call it. Called by a listener it returns at once, and the engine ends soon
   * after.
   */
  @Override
  public void close() {
    loop.close();
  }
}
