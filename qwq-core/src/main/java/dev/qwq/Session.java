package dev.qwq;

import dev.qwq.engine.KvSequence;
import dev.qwq.output.ReasoningStart;
import dev.qwq.schema.JsonType;
import java.lang.ref.Cleaner;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One conversation with a model.
 *
 * <p>A session remembers what was said. Each message is sent with the whole conversation, as the
 * model's chat template writes it; the KV cache of everything that did not change since the last
 * reply is used again. Old thinking is shown to the model only if its template asks for it.
 *
 * <p>One caller at a time: a message sent while a reply is still being generated fails with {@code
 * SESSION_BUSY}. Many sessions of one model are computed side by side, and none changes what
 * another one says. Blocking calls suit virtual threads.
 *
 * <p>Close a session to give its KV cache back; what is not closed gives it back when it is garbage
 * collected, and sooner if other sessions need the room.
 */
public final class Session implements AutoCloseable {
  private static final Cleaner CLEANER = Cleaner.create();

  private final Model model;
  private final SessionOptions options;
  private final KvSequence sequence;
  private final Cleaner.Cleanable cleanable;
  private final AtomicReference<@Nullable Object> busy = new AtomicReference<>();
  private volatile Conversation conversation;
  private volatile @Nullable ReplyStream current;
  private volatile boolean closed;

  /**
   * What was said.
   *
   * @param messages all of it, without the system prompt
   * @param tokens the last prompt and its reply as they were computed; empty before the first
   * @param last the last exchange, if it is the end of the messages
   */
  private record Conversation(List<Message> messages, int[] tokens, @Nullable Turn last) {
    static Conversation of(List<Message> messages) {
      return new Conversation(messages, new int[0], null);
    }
  }

  /**
   * A message and its reply.
   *
   * @param asked the messages up to the one that was replied to
   * @param prompt what the template made of them
   * @param generated the reply's tokens, an end token included
   */
  private record Turn(List<Message> asked, Prompt prompt, int[] generated) {}

  Session(Model model, SessionOptions options, KvSequence sequence) {
    this(model, options, sequence, Conversation.of(options.history()));
  }

  private Session(
      Model model, SessionOptions options, KvSequence sequence, Conversation conversation) {
    this.model = model;
    this.options = options;
    this.sequence = sequence;
    this.conversation = conversation;
    // The action must not reach this session, or it would never be garbage.
    cleanable = CLEANER.register(this, sequence::close);
  }

  /**
   * Sends a message and waits for the reply.
   *
   * @param text what the user says; special tokens in it are ordinary text
   * @return the reply; cut short with {@link FinishReason#CANCELLED} if this thread is interrupted
   * @throws QwqException as {@link #stream(List, GenerationOptions)}
   */
  public Reply send(String text) {
    return send(text, options.generation());
  }

  /**
   * Sends a message and waits for the reply.
   *
   * @param text what the user says; special tokens in it are ordinary text
   * @param generation how this reply is generated
   * @return the reply; cut short with {@link FinishReason#CANCELLED} if this thread is interrupted
   * @throws QwqException as {@link #stream(List, GenerationOptions)}
   */
  public Reply send(String text, GenerationOptions generation) {
    return send(List.of(Message.user(text)), generation);
  }

  /**
   * Sends messages and waits for the reply; for the results of tool calls.
   *
   * @param messages what is added to the conversation
   * @param generation how this reply is generated
   * @return the reply; cut short with {@link FinishReason#CANCELLED} if this thread is interrupted
   * @throws QwqException as {@link #stream(List, GenerationOptions)}
   */
  public Reply send(List<Message> messages, GenerationOptions generation) {
    try (ReplyStream stream = stream(messages, generation)) {
      return stream.reply();
    }
  }

  /**
   * Sends a message and returns at once.
   *
   * @param text what the user says; special tokens in it are ordinary text
   * @return the reply to come, as {@link #sendAsync(List, GenerationOptions)}
   */
  public CompletableFuture<Reply> sendAsync(String text) {
    return sendAsync(text, options.generation());
  }

  /**
   * Sends a message and returns at once.
   *
   * @param text what the user says; special tokens in it are ordinary text
   * @param generation how this reply is generated
   * @return the reply to come, as {@link #sendAsync(List, GenerationOptions)}
   */
  public CompletableFuture<Reply> sendAsync(String text, GenerationOptions generation) {
    return sendAsync(List.of(Message.user(text)), generation);
  }

  /**
   * Sends messages and returns at once.
   *
   * <p>Completing the future by other means stops the computation within 200 ms: {@link
   * CompletableFuture#cancel}, {@link CompletableFuture#orTimeout}. What was generated by then is
   * in the {@link #history()}.
   *
   * @param messages what is added to the conversation
   * @param generation how this reply is generated
   * @return completes on a virtual thread with the reply, or with the {@link QwqException} that
   *     {@link #stream(List, GenerationOptions)} or the reply failed with; nothing is thrown here
   */
  public CompletableFuture<Reply> sendAsync(List<Message> messages, GenerationOptions generation) {
    try {
      return stream(messages, generation).replyAsync();
    } catch (QwqException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  /**
   * Sends a message and streams the reply.
   *
   * @param text what the user says; special tokens in it are ordinary text
   * @return the reply as it comes; close it
   * @throws QwqException as {@link #stream(List, GenerationOptions)}
   */
  public ReplyStream stream(String text) {
    return stream(text, options.generation());
  }

  /**
   * Sends a message and streams the reply.
   *
   * @param text what the user says; special tokens in it are ordinary text
   * @param generation how this reply is generated
   * @return the reply as it comes; close it
   * @throws QwqException as {@link #stream(List, GenerationOptions)}
   */
  public ReplyStream stream(String text, GenerationOptions generation) {
    return stream(List.of(Message.user(text)), generation);
  }

  /**
   * Sends messages and streams the reply. When it has ended, messages and reply are part of the
   * {@link #history()}, a cancelled reply as far as it came; if it failed, the conversation is as
   * it was before.
   *
   * @param messages what is added to the conversation
   * @param generation how this reply is generated
   * @return the reply as it comes; close it
   * @throws QwqException with {@code SESSION_BUSY} if another reply has not ended, {@code CLOSED}
   *     if session or model are closed, {@code NO_TOKENIZER} or {@code NO_CHAT_TEMPLATE} if the
   *     model has none, {@code TEMPLATE_FAILED} if the template refuses the conversation, {@code
   *     CONTEXT_EXCEEDED} if it is too long, {@code QUEUE_FULL} if too many replies wait
   */
  public ReplyStream stream(List<Message> messages, GenerationOptions generation) {
    return whenFree(
        () -> {
          model.engine().checkRoom();
          Conversation before = conversation;
          List<Message> asked = new ArrayList<>(before.messages());
          asked.addAll(messages);
          Prompt prompt =
              model
                  .prompts()
                  .chat(asked, options, generation.thinking())
                  .splicedTo(before.tokens(), model);
          return start(new Turn(List.copyOf(asked), prompt, new int[0]), generation);
        });
  }

  /**
   * Asks for a value: the model thinks freely, then writes JSON that can be read into the type and
   * nothing else. The question is sent with the type's JSON Schema behind it.
   *
   * @param <T> the type
   * @param text what the user asks
   * @param type a record, an enum, a sealed interface of records, or another type that {@link
   *     JsonType} knows
   * @return the value
   * @throws QwqException as {@link #ask(List, JsonType, GenerationOptions)}
   */
  public <T> T ask(String text, Class<T> type) {
    return ask(text, type, options.generation());
  }

  /**
   * Asks for a value.
   *
   * @param <T> the type
   * @param text what the user asks
   * @param type a record, say
   * @param generation how this reply is generated; its output format does not count
   * @return the value
   * @throws QwqException as {@link #ask(List, JsonType, GenerationOptions)}
   */
  public <T> T ask(String text, Class<T> type, GenerationOptions generation) {
    return ask(List.of(Message.user(text)), JsonType.of(type), generation).value();
  }

  /**
   * Asks for values.
   *
   * @param <T> the type of each
   * @param text what the user asks
   * @param type a record, say
   * @return the values, in the model's order
   * @throws QwqException as {@link #ask(List, JsonType, GenerationOptions)}
   */
  public <T> List<T> askList(String text, Class<T> type) {
    JsonType<List<T>> list = JsonType.listOf(type);
    return ask(List.of(Message.user(text)), list, options.generation()).value();
  }

  /**
   * Asks for a value, with the whole reply beside it.
   *
   * @param <T> the type
   * @param messages what is added to the conversation; the last message of the user is sent with
   *     the type's JSON Schema behind it
   * @param type describes the type
   * @param generation how this reply is generated; its output format does not count
   * @return value and reply
   * @throws IncompleteReplyException if the reply ended before its answer was complete; it is part
   *     of the {@link #history()}, as far as it came
   * @throws QwqException with {@code INVALID_ARGUMENT} if the type has no JSON Schema, {@code
   *     INVALID_JSON} if the type refuses the value (a record's constructor, for example); else as
   *     {@link #stream(List, GenerationOptions)}
   */
  public <T> TypedReply<T> ask(
      List<Message> messages, JsonType<T> type, GenerationOptions generation) {
    OutputFormat format = OutputFormat.json(type);
    Reply reply =
        send(TypedAnswers.instructed(messages, format), TypedAnswers.options(format, generation));
    return new TypedReply<>(new TypedAnswers<>(type, model).read(reply), reply);
  }

  /**
   * Asks for a value and streams it.
   *
   * @param <T> the type
   * @param text what the user asks
   * @param type a record, say
   * @return thinking, the value as it grows, and the value; close it
   * @throws QwqException as {@link #ask(List, JsonType, GenerationOptions)}
   */
  public <T> TypedStream<T> askStream(String text, Class<T> type) {
    return askStream(List.of(Message.user(text)), JsonType.of(type), options.generation());
  }

  /**
   * Asks for a value and streams it.
   *
   * @param <T> the type
   * @param messages what is added to the conversation; the last message of the user is sent with
   *     the type's JSON Schema behind it
   * @param type describes the type
   * @param generation how this reply is generated; its output format does not count
   * @return thinking, the value as it grows, and the value; close it
   * @throws QwqException as {@link #ask(List, JsonType, GenerationOptions)}
   */
  public <T> TypedStream<T> askStream(
      List<Message> messages, JsonType<T> type, GenerationOptions generation) {
    OutputFormat format = OutputFormat.json(type);
    ReplyStream stream =
        stream(TypedAnswers.instructed(messages, format), TypedAnswers.options(format, generation));
    return new TypedStream<>(stream, type, model);
  }

  /**
   * Goes on with the last reply: one that was cancelled, that reached a limit, or of which only the
   * beginning is to stay. What follows is what would have followed then, with a sampler of the same
   * seed: penalties, random numbers and an output format go on where they were. A thinking budget
   * counts the kept thinking, but what was written in to end it, and penalties that were raised
   * against a loop, begin anew.
   *
   * @param keep how many of the reply's tokens stay, 0 or more; of a reply that has fewer, all but
   *     its end token
   * @param generation how the rest is generated; {@code maxTokens} counts new tokens
   * @return the reply as it goes on; the events are those of the rest, {@link ReplyStream#reply()}
   *     is the whole reply
   * @throws QwqException with {@code INVALID_ARGUMENT} if there is no reply at the end of the
   *     conversation; else as {@link #stream(List, GenerationOptions)}
   */
  public ReplyStream resume(int keep, GenerationOptions generation) {
    if (keep < 0) {
      throw new QwqException(
          ErrorCode.INVALID_ARGUMENT, "keep: expected 0 tokens or more, found " + keep);
    }
    return whenFree(
        () -> {
          Turn last = conversation.last();
          if (last == null) {
            throw new QwqException(
                ErrorCode.INVALID_ARGUMENT,
                "resume: expected a reply at the end of the conversation, found none");
          }
          int size = last.generated().length;
          if (size > 0 && model.isEndToken(last.generated()[size - 1])) {
            size--;
          }
          int[] kept = Arrays.copyOf(last.generated(), Math.min(keep, size));
          return start(new Turn(last.asked(), last.prompt(), kept), generation);
        });
  }

  /**
   * Goes on with the last reply where it ended.
   *
   * @return the reply as it goes on, as {@link #resume(int, GenerationOptions)}
   */
  public ReplyStream resume() {
    return resume(Integer.MAX_VALUE, options.generation());
  }

  private ReplyStream whenFree(Supplier<ReplyStream> starter) {
    claim();
    try {
      ReplyStream stream = starter.get();
      current = stream;
      if (closed) {
        stream.cancel(); // close() may have missed it
      }
      return stream;
    } catch (RuntimeException | Error e) {
      busy.set(null);
      throw e;
    }
  }

  /** Keeps others from changing the conversation. */
  private void claim() {
    checkOpen();
    if (!busy.compareAndSet(null, new Object())) {
      throw new QwqException(
          ErrorCode.SESSION_BUSY,
          "the session is still generating a reply: read it to its end or close it first");
    }
  }

  /** Generates behind what the turn has already. */
  private ReplyStream start(Turn turn, GenerationOptions generation) {
    return model.start(
        sequence,
        turn.prompt(),
        turn.generated(),
        generation,
        options.tools(),
        reply -> ended(turn, reply));
  }

  private void ended(Turn turn, @Nullable Reply reply) {
    if (reply != null) {
      List<Message> messages = new ArrayList<>(turn.asked());
      messages.add(remembered(reply));
      Turn done = new Turn(turn.asked(), turn.prompt(), reply.tokens());
      conversation =
          new Conversation(List.copyOf(messages), done.prompt().followedBy(reply.tokens()), done);
    }
    current = null;
    busy.set(null);
  }

  /**
   * Says what sending these messages would take, without computing anything.
   *
   * @param messages what would be added to the conversation
   * @return tokens, memory, room and time
   * @throws QwqException as {@link Model#plan}
   */
  public PromptPlan plan(Message... messages) {
    Conversation before = conversation;
    List<Message> all = new ArrayList<>(before.messages());
    all.addAll(List.of(messages));
    return model.plan(all, before.tokens(), options);
  }

  /**
   * A reply as the template gets it. Of a model that does not think all that it wrote, blank space
   * included: so the next prompt begins with the very tokens of the reply.
   */
  private Message remembered(Reply reply) {
    boolean plain = !model.prompts().modelThinks() && reply.toolCalls().isEmpty();
    return new Message(
        Role.ASSISTANT,
        plain && reply.reasoning().isEmpty() ? reply.text() : reply.answer(),
        reply.reasoning(),
        reply.toolCalls());
  }

  /**
   * Begins another conversation that goes on from this one. Both share their KV cache until one of
   * them says something else; forking takes no time and no memory to speak of. While a reply is
   * being generated, the fork is of the conversation before it.
   *
   * @return a session with the same options; close it
   * @throws QwqException with {@code CLOSED} if session or model are closed
   */
  public Session fork() {
    checkOpen();
    return new Session(model, options, sequence.fork(), conversation);
  }

  /**
   * Forgets the last messages. What is said next goes on from those before, with what the KV cache
   * has of them.
   *
   * @param messages how many, 0 to all; an exchange is two
   * @throws QwqException with {@code INVALID_ARGUMENT} if there are fewer, {@code SESSION_BUSY}
   *     while a reply is being generated, {@code CLOSED} if the session is closed
   */
  public void rewind(int messages) {
    claim();
    try {
      Conversation before = conversation;
      int size = before.messages().size();
      if (messages < 0 || messages > size) {
        throw new QwqException(
            ErrorCode.INVALID_ARGUMENT,
            "rewind: expected 0 to %d messages, found %d".formatted(size, messages));
      }
      if (messages > 0) {
        List<Message> kept = List.copyOf(before.messages().subList(0, size - messages));
        conversation = new Conversation(kept, before.tokens(), null);
      }
    } finally {
      busy.set(null);
    }
  }

  /**
   * Adds messages to the conversation without a reply to them.
   *
   * @param messages what was said; computed when the next message is sent
   * @throws QwqException with {@code SESSION_BUSY} while a reply is being generated, {@code CLOSED}
   *     if the session is closed
   */
  public void append(Message... messages) {
    claim();
    try {
      Conversation before = conversation;
      List<Message> all = new ArrayList<>(before.messages());
      all.addAll(List.of(messages));
      conversation = new Conversation(List.copyOf(all), before.tokens(), null);
    } finally {
      busy.set(null);
    }
  }

  /**
   * Asks the same several times and waits for all replies, which are generated side by side. The
   * conversation does not change; {@link #append} what is to stay. {@link Votes} finds what most
   * replies agree in.
   *
   * @param times how often, 1 or more
   * @param text what the user says
   * @param generation how each reply is generated; with a sampler that has a seed, the first reply
   *     is drawn with it, and the others with the numbers that follow it
   * @return the replies in the order of their seeds; cut short with {@link FinishReason#CANCELLED}
   *     if this thread is interrupted
   * @throws QwqException as {@link #stream(List, GenerationOptions)}; the other replies are
   *     cancelled
   */
  public List<Reply> sendTimes(int times, String text, GenerationOptions generation) {
    if (times < 1) {
      throw new QwqException(
          ErrorCode.INVALID_ARGUMENT, "times: expected 1 or more, found " + times);
    }
    List<Session> forks = new ArrayList<>();
    try {
      List<ReplyStream> streams = new ArrayList<>();
      for (int i = 0; i < times; i++) {
        Session fork = fork();
        forks.add(fork);
        streams.add(fork.stream(text, withSeed(generation, i)));
      }
      return streams.stream().map(ReplyStream::reply).toList();
    } finally {
      forks.forEach(Session::close);
    }
  }

  private GenerationOptions withSeed(GenerationOptions generation, int offset) {
    Sampler sampler = generation.sampler().orElse(model.sampler());
    if (sampler.seed().isEmpty()) {
      return generation;
    }
    Sampler own = sampler.toBuilder().seed(sampler.seed().getAsLong() + offset).build();
    return generation.toBuilder().sampler(own).build();
  }

  /**
   * Writes the conversation to a file: what was said, and the KV cache of it, so that {@link
   * Model#restoreSession} goes on without computing it again. The file takes the bytes of the KV
   * cache: 256 KiB a token for QwQ-32B. It is written beside its place and renamed when it is
   * whole.
   *
   * <p>Whoever has the file can read the conversation.
   *
   * @param file where to; replaced if it exists
   * @throws QwqException with {@code SESSION_BUSY} while a reply is being generated, {@code
   *     FILE_UNREADABLE} if the file cannot be written, {@code CLOSED} if session or model are
   *     closed
   * @throws java.util.concurrent.CancellationException if this thread is interrupted; the file is
   *     as it was
   */
  public void save(Path file) {
    claim();
    try {
      Conversation saved = conversation;
      Turn last = saved.last();
      SavedSessions.save(
          file,
          model,
          sequence,
          new SavedSessions.Spoken(
              saved.messages(),
              saved.tokens(),
              last == null ? -1 : last.prompt().tokens().length,
              last == null ? ReasoningStart.OFF : last.prompt().start(),
              last != null && last.prompt().opened()));
    } finally {
      busy.set(null);
    }
  }

  /** A session that goes on from a file. */
  static Session restored(
      Model model, SessionOptions options, KvSequence sequence, SavedSessions.Spoken spoken) {
    List<Message> messages = spoken.messages();
    int promptLength = spoken.lastPrompt();
    Turn last = null;
    if (promptLength >= 0 && !messages.isEmpty()) {
      int[] tokens = spoken.tokens();
      last =
          new Turn(
              messages.subList(0, messages.size() - 1),
              new Prompt(Arrays.copyOf(tokens, promptLength), spoken.start(), spoken.opened()),
              Arrays.copyOfRange(tokens, promptLength, tokens.length));
    }
    return new Session(model, options, sequence, new Conversation(messages, spoken.tokens(), last));
  }

  /**
   * Returns what was said so far, without the system prompt.
   *
   * @return the messages; not modifiable
   */
  public List<Message> history() {
    return conversation.messages();
  }

  /**
   * Returns what the session was begun with.
   *
   * @return the options
   */
  public SessionOptions options() {
    return options;
  }

  /**
   * Cancels the reply being generated, if any, and gives the KV cache back. The history can still
   * be read. Idempotent; may be called by any thread.
   */
  @Override
  public void close() {
    closed = true;
    ReplyStream stream = current;
    if (stream != null) {
      stream.cancel();
    }
    cleanable.clean();
  }

  private void checkOpen() {
    if (closed) {
      throw new QwqException(ErrorCode.CLOSED, "the session is closed");
    }
  }
}
