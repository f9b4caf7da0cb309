package dev.qwq;

import dev.qwq.chat.ChatTemplate;
import dev.qwq.engine.Engine;
import dev.qwq.engine.EngineCounters;
import dev.qwq.engine.EngineInfo;
import dev.qwq.engine.Generation;
import dev.qwq.engine.GenerationRequest;
import dev.qwq.engine.KvSequence;
import dev.qwq.engine.KvTransfer;
import dev.qwq.engine.SamplingParameters;
import dev.qwq.engine.Scores;
import dev.qwq.engine.TokenMask;
import dev.qwq.model.ModelConfig;
import dev.qwq.model.ModelSource;
import dev.qwq.output.ReasoningStart;
import dev.qwq.output.ThinkingTracker;
import dev.qwq.saved.ModelFingerprint;
import dev.qwq.tokenizer.Tokenizer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A model, ready to answer.
 *
 * <p>{@link #newSession()} begins a conversation; {@link #complete(String, GenerationOptions)}
 * continues a text without a chat template; {@link #evaluate(int[], int...)} measures how likely a
 * text is. All may be used by many threads at once: what runs at the same time is computed side by
 * side, and none changes another's result.
 *
 * <p>Weights stay where they are mapped from the file; opening costs no copy. {@link #close()}
 * gives everything back.
 */
public final class Model implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Model.class);

  private final LoadedModel loaded;
  private final @Nullable LoadedModel draft;
  private final ModelSource source;
  private final ModelConfig config;
  private final Engine engine;
  private final Prompts prompts;
  private final Optional<Tokenizer> tokenizer;
  private final Optional<ChatTemplate> template;
  private final Sampler sampler;
  private final Set<Integer> endTokens;
  private final OutputMasks outputMasks;
  private volatile @Nullable ModelFingerprint fingerprint; // computed when it is needed

  private Model(LoadedModel loaded, @Nullable LoadedModel draft) {
    this.loaded = loaded;
    this.draft = draft;
    source = loaded.source();
    config = loaded.config();
    engine = loaded.engine();
    tokenizer = source.tokenizer();
    template = source.chatTemplate().map(ChatTemplate::parse);
    prompts = new Prompts(source.path(), tokenizer, template);
    sampler = RecommendedSampler.of(source.generationDefaults(), prompts.modelThinks());
    endTokens = new LinkedHashSet<>(source.generationDefaults().eosTokenIds());
    outputMasks = new OutputMasks(tokenizer, config.vocabSize(), endTokens);
  }

  /**
   * Opens a model with the default options.
   *
   * @param path a GGUF file (of a split model the first part) or a Hugging Face folder
   * @return the model; close it
   * @throws QwqException as {@link #open(Path, ModelOptions)}
   */
  public static Model open(Path path) {
    return open(path, ModelOptions.defaults());
  }

  /**
   * Opens a model.
   *
   * @param path a GGUF file (of a split model the first part) or a Hugging Face folder
   * @param options how
   * @return the model; close it
   * @throws MalformedFileException if a file is damaged
   * @throws UnsupportedModelException if the model is of a kind that qwq does not run
   * @throws QwqException with {@code FILE_UNREADABLE} if a file cannot be read, {@code
   *     NATIVE_LIBRARY} if there is none for this machine, {@code UNSUPPORTED_BACKEND} if backend
   *     or instruction set cannot run here, {@code OUT_OF_MEMORY} and figures if KV cache or layers
   *     do not fit ({@link ModelPlan} tells beforehand), {@code TEMPLATE_FAILED} if the chat
   *     template does not parse
   * @throws java.util.concurrent.CancellationException if the {@link ModelOptions#loadProgress}
   *     says so, or this thread is interrupted while weights are loaded
   */
  public static Model open(Path path, ModelOptions options) {
    LoadEvent event = new LoadEvent();
    event.begin();
    LoadedModel loaded = LoadedModel.open(path, options);
    LoadedModel draft = null;
    try {
      if (options.draftModel().isPresent()) {
        draft = LoadedModel.openDraft(options.draftModel().get(), loaded, options);
      }
      Model model = new Model(loaded, draft);
      EngineInfo info = loaded.engine().info();
      event.model = path.toString();
      event.weightBytes = loaded.source().weightBytes();
      event.deviceLayers = model.placement().deviceLayers();
      event.deviceWeightBytes =
          model.placement().places().stream().mapToLong(ModelPlan.Place::weightBytes).sum();
      event.kvCacheBytes = info.kvCacheBytes();
      event.kvLayout = info.kvLayout();
      event.contextLength = info.contextLength();
      event.commit();
      LOG.atInfo()
          .addKeyValue("model", path)
          .addKeyValue("backend", info.isa())
          .addKeyValue("threads", info.threads())
          .addKeyValue("contextLength", info.contextLength())
          .addKeyValue("weightBytes", loaded.source().weightBytes())
          .addKeyValue("kvCacheBytes", info.kvCacheBytes())
          .addKeyValue("kvLayout", info.kvLayout())
          .addKeyValue("deviceLayers", model.placement().deviceLayers())
          .log("Model opened");
      return model;
    } catch (RuntimeException | Error e) {
      loaded.close();
      if (draft != null) {
        draft.close();
      }
      throw e;
    }
  }

  /**
   * Begins a conversation with the default options.
   *
   * @return a new session; close it
   */
  public Session newSession() {
    return newSession(SessionOptions.defaults());
  }

  /**
   * Begins a conversation.
   *
   * @param options system prompt, tools, how replies are generated
   * @return a new session; close it
   * @throws QwqException with {@code CLOSED} if the model is closed
   */
  public Session newSession(SessionOptions options) {
    return new Session(this, options, engine.newSequence());
  }

  /**
   * Goes on with a conversation that {@link Session#save} wrote, from where it ended, without
   * computing it again. Its KV cache counts as this session's own: it is not given to others.
   *
   * @param file the file
   * @return the session; close it
   * @throws QwqException as {@link #restoreSession(Path, SessionOptions)}
   */
  public Session restoreSession(Path file) {
    return restoreSession(file, SessionOptions.defaults());
  }

  /**
   * Goes on with a conversation that {@link Session#save} wrote.
   *
   * @param file the file
   * @param options system prompt, tools and the like, the same as before; the file has the history.
   *     What differs changes the prompt, and only its part before the difference is found in the
   *     cache
   * @return the session; close it
   * @throws MalformedFileException if the file is damaged, or no session
   * @throws QwqException with {@code SESSION_MISMATCH} and the reason if it was saved with other
   *     weights, chat template, YaRN or KV cache type, {@code FILE_UNREADABLE} if it cannot be
   *     read, {@code INVALID_ARGUMENT} if the options have a history, {@code CLOSED} if the model
   *     is closed
   */
  public Session restoreSession(Path file, SessionOptions options) {
    if (!options.history().isEmpty()) {
      throw new QwqException(
          ErrorCode.INVALID_ARGUMENT,
          "options.history: expected none, as the file has one, found "
              + options.history().size()
              + " messages");
    }
    return SavedSessions.restore(file, this, options);
  }

  KvSequence newSequence() {
    return engine.newSequence();
  }

  Engine engine() {
    return engine;
  }

  KvTransfer transfer(KvSequence sequence) {
    return engine.transfer(sequence);
  }

  /** What a saved session must have been made with. */
  ModelFingerprint fingerprint() {
    ModelFingerprint known = fingerprint;
    if (known == null) {
      known = ModelFingerprint.of(source, config, engine.info());
      fingerprint = known;
    }
    return known;
  }

  /**
   * Continues a text, without a chat template, and waits for the end.
   *
   * @param prompt the text; special tokens in it are recognised
   * @param options how the text is generated
   * @return what follows the text; cut short with {@link FinishReason#CANCELLED} if this thread is
   *     interrupted
   * @throws QwqException as {@link #stream(String, GenerationOptions)}
   */
  public Reply complete(String prompt, GenerationOptions options) {
    try (ReplyStream stream = stream(prompt, options)) {
      return stream.reply();
    }
  }

  /**
   * Continues a text given as token ids and waits for the end.
   *
   * @param promptTokens at least one id; nothing is added
   * @param options how the text is generated
   * @return what follows the text; cut short with {@link FinishReason#CANCELLED} if this thread is
   *     interrupted
   * @throws QwqException as {@link #stream(int[], GenerationOptions)}
   */
  public Reply complete(int[] promptTokens, GenerationOptions options) {
    try (ReplyStream stream = stream(promptTokens, options)) {
      return stream.reply();
    }
  }

  /**
   * Continues a text, without a chat template.
   *
   * @param prompt the text; special tokens in it are recognised
   * @param options how the text is generated
   * @return what follows the text, as it comes; close it
   * @throws QwqException with {@code NO_TOKENIZER} if the model has none, {@code CONTEXT_EXCEEDED}
   *     if the text is too long, {@code QUEUE_FULL} if too many replies wait, {@code CLOSED} if the
   *     model is closed
   */
  public ReplyStream stream(String prompt, GenerationOptions options) {
    engine.checkRoom();
    return startAlone(prompts.text(prompt), options);
  }

  /**
   * Continues a text given as token ids.
   *
   * @param promptTokens at least one id; nothing is added
   * @param options how the text is generated
   * @return what follows the text, as it comes; close it
   * @throws QwqException with {@code INVALID_ARGUMENT} if the model has no such ids, {@code
   *     CONTEXT_EXCEEDED} if the text is too long, {@code QUEUE_FULL} if too many replies wait,
   *     {@code CLOSED} if the model is closed
   */
  public ReplyStream stream(int[] promptTokens, GenerationOptions options) {
    return startAlone(prompts.tokens(promptTokens), options);
  }

  private ReplyStream startAlone(Prompt prompt, GenerationOptions options) {
    KvSequence sequence = engine.newSequence();
    try {
      return start(sequence, prompt, new int[0], options, List.of(), reply -> sequence.close());
    } catch (RuntimeException | Error e) {
      sequence.close();
      throw e;
    }
  }

  /** True if this token ends a reply. */
  boolean isEndToken(int token) {
    return endTokens.contains(token);
  }

  /**
   * Submits a prompt.
   *
   * @param begun the reply's first tokens, if it is to go on behind them
   * @param onEnd hears the reply, or null if it failed, before the consumer
   */
  ReplyStream start(
      KvSequence sequence,
      Prompt prompt,
      int[] begun,
      GenerationOptions options,
      List<Tool> tools,
      Consumer<@Nullable Reply> onEnd) {
    Sampler draws = options.sampler().orElse(sampler);
    SamplingParameters sampling =
        new SamplingParameters(
            draws.temperature(),
            draws.topK(),
            draws.topP(),
            draws.minP(),
            draws.presencePenalty(),
            draws.frequencyPenalty(),
            draws.repetitionPenalty(),
            draws.seed().orElseGet(() -> ThreadLocalRandom.current().nextLong()),
            0,
            draws.logitBias());
    int[] stopTokens = endTokens.stream().mapToInt(Integer::intValue).toArray();
    ReasoningStart start =
        options.reasoningFormat() == ReasoningFormat.NONE ? ReasoningStart.OFF : prompt.start();
    Queue<ChatEvent> events = ReplyStream.newEventQueue();
    ReplyBuilder builder =
        new ReplyBuilder(
            tokenizer.orElse(null),
            endTokens,
            options.stopStrings(),
            start,
            !tools.isEmpty(),
            events::add);
    for (int token : begun) {
      builder.accept(token, false);
    }
    events.clear(); // The consumer of the reply's beginning had them.
    TokenFeed feed = new TokenFeed();
    ReplySteering steering = steering(prompt, options, feed);
    // The format waits for the end of the thinking, whether or not the reply is taken apart.
    TokenMask mask =
        options
            .outputFormat()
            .map(format -> outputMasks.mask(format, prompt.start()))
            .or(() -> outputMasks.toolCalls(options, tools, prompt.start()))
            .orElse(null);
    Generation generation =
        engine.submit(
            sequence,
            new GenerationRequest(
                    prompt.followedBy(begun),
                    sampling,
                    options.maxTokens(),
                    stopTokens,
                    mask,
                    steering)
                .resuming(begun.length)
                .scheduled(
                    new GenerationRequest.Scheduling(
                        options.priority(), options.timeLimit().orElse(Duration.ZERO)))
                .speculating(speculation(options)),
            feed);
    return new ReplyStream(feed, generation, builder, steering, events, onEnd);
  }

  private dev.qwq.engine.Speculation speculation(GenerationOptions options) {
    Speculation asked =
        options.speculation().orElse(draft == null ? Speculation.OFF : Speculation.DRAFT_MODEL);
    if (asked == Speculation.DRAFT_MODEL) {
      if (draft == null) {
        throw new QwqException(
            ErrorCode.INVALID_ARGUMENT,
            "speculation: expected a model that was opened with a draftModel, found none");
      }
      return dev.qwq.engine.Speculation.draftModel(draft.engine());
    }
    return asked == Speculation.PROMPT_LOOKUP
        ? dev.qwq.engine.Speculation.PROMPT_LOOKUP
        : dev.qwq.engine.Speculation.OFF;
  }

  private ReplySteering steering(Prompt prompt, GenerationOptions options, TokenFeed feed) {
    ThinkingBudget budget = options.thinkingBudget();
    return new ReplySteering(
        tokenizer.map(t -> new ThinkingTracker(t, prompt.start(), prompt.opened())).orElse(null),
        tokenizer
            .map(t -> new ThinkingCloser(t, prompts.thinkingMarkers(), budget.nudge().orElse(null)))
            .orElse(null),
        budget,
        options.repetition(),
        feed,
        System::nanoTime);
  }

  /**
   * Measures how likely the model finds a text.
   *
   * @param tokens its ids, as many as the context holds; nothing is added
   * @param logitsAt positions after which the logits are wanted, 0 for those after the first token
   * @return likelihood and logits
   * @throws QwqException as {@link #evaluate(int[], IntConsumer, int...)}
   */
  public Evaluation evaluate(int[] tokens, int... logitsAt) {
    return evaluate(tokens, done -> {}, logitsAt);
  }

  /**
   * Measures how likely the model finds a text, and says how far it has come.
   *
   * @param tokens its ids, as many as the context holds; nothing is added
   * @param progress hears how many tokens are done, on the engine's thread: it must return quickly,
   *     and not call this model, its sessions or streams
   * @param logitsAt positions after which the logits are wanted, 0 for those after the first token
   * @return likelihood and logits
   * @throws QwqException with {@code INVALID_ARGUMENT} if there are no such ids or positions,
   *     {@code CONTEXT_EXCEEDED} if the text is too long, {@code QUEUE_FULL} if too much waits,
   *     {@code CLOSED} if the model is closed
   * @throws java.util.concurrent.CancellationException if this thread is interrupted, which cancels
   */
  public Evaluation evaluate(int[] tokens, IntConsumer progress, int... logitsAt) {
    Scores scores = engine.score(tokens, logitsAt, progress);
    return new Evaluation(scores.meanNll(), scores.logprobs(), scores.logits());
  }

  /**
   * Returns how this model asks to be sampled.
   *
   * @return the sampler used where options name none
   */
  public Sampler sampler() {
    return sampler;
  }

  /**
   * Returns the model's tokenizer.
   *
   * @return the tokenizer; empty if the model has none and takes ids only
   */
  public Optional<Tokenizer> tokenizer() {
    return tokenizer;
  }

  /**
   * Returns the model's chat template.
   *
   * @return the template; empty if the model has none and cannot chat
   */
  public Optional<ChatTemplate> chatTemplate() {
    return template;
  }

  /**
   * Returns the model in numbers.
   *
   * @return what it is, and what it runs on
   */
  public ModelInfo info() {
    EngineInfo info = engine.info();
    return new ModelInfo(
        config.architecture(),
        config.layers(),
        config.hiddenSize(),
        config.vocabSize(),
        switch (info.backend()) {
          case REFERENCE -> Backend.REFERENCE;
          case CPU -> Backend.CPU;
          case CUDA -> Backend.CUDA;
        },
        info.isa(),
        info.threads(),
        info.contextLength(),
        config.contextLength(),
        source.weightBytes(),
        info.kvLayout(),
        info.kvBytesPerToken(),
        info.kvCacheBytes(),
        info.workspaceBytes());
  }

  /**
   * Returns where the model's layers are computed, and what they take there.
   *
   * @return the plan that was carried out when the model was opened
   */
  public ModelPlan placement() {
    return engine.plan().orElseThrow();
  }

  /**
   * Returns what the model has done so far and is doing. Does not wait; meant to be asked every few
   * seconds.
   *
   * @return the numbers, as of the end of the last step
   */
  public ModelMetrics metrics() {
    EngineCounters counters = engine.counters();
    long blockSize = engine.info().kvBlockSize();
    return new ModelMetrics(
        new ModelMetrics.Replies(
            counters.submitted(),
            counters.refused(),
            counters.stopped(),
            counters.limited(),
            counters.cancelled(),
            counters.expired(),
            counters.failed()),
        new ModelMetrics.Tokens(
            counters.promptTokens(),
            counters.cachedTokens(),
            counters.generatedTokens(),
            counters.draftedTokens(),
            counters.acceptedTokens()),
        new ModelMetrics.Queue(counters.running(), counters.waiting(), counters.preemptions()),
        new ModelMetrics.Cache(
            counters.usedBlocks() * blockSize,
            counters.keptBlocks() * blockSize,
            counters.freeBlocks() * blockSize,
            counters.evictions() * blockSize,
            counters.copiedBlocks() * blockSize,
            counters.foundBlocks() * blockSize),
        counters.steps(),
        Duration.ofNanos(counters.stepNanos()),
        counters.promptTokensPerSecond(),
        counters.stepsPerSecond());
  }

  /**
   * Says what a prompt would take, without computing it.
   *
   * @param messages a conversation, its last message the one to be replied to
   * @param options system prompt, tools and the like
   * @return tokens, memory, room and time
   * @throws QwqException as {@link Session#stream(List, GenerationOptions)}, but for {@code
   *     CONTEXT_EXCEEDED}
   */
  public PromptPlan plan(List<Message> messages, SessionOptions options) {
    return plan(messages, new int[0], options);
  }

  PromptPlan plan(List<Message> messages, int[] known, SessionOptions options) {
    return new PromptPlanner(this, config).plan(messages, known, options);
  }

  Prompts prompts() {
    return prompts;
  }

  /**
   * Refuses new work, cancels the replies being generated, waits until the step in flight has
   * stopped, and gives all memory back. Streams end with {@link FinishReason#CANCELLED}.
   * Idempotent; may be called by any thread.
   */
  @Override
  public void close() {
    loaded.close();
    if (draft != null) {
      draft.close();
    }
  }
}
