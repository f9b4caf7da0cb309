package dev.qwq;

import dev.qwq.engine.KvSequence;
import java.lang.ref.Cleaner;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
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
  private volatile List<Message> history;
  private volatile @Nullable ReplyStream current;
  private volatile boolean closed;

  Session(Model model, SessionOptions options, KvSequence sequence) {
    this.model = model;
    this.options = options;
    this.sequence = sequence;
    history = options.history();
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
    checkOpen();
    Object ticket = new Object();
    if (!busy.compareAndSet(null, ticket)) {
      throw new QwqException(
          ErrorCode.SESSION_BUSY,
          "the session is still generating a reply: read it to its end or close it first");
    }
    try {
      List<Message> conversation = new ArrayList<>(history);
      conversation.addAll(messages);
      Prompt prompt = model.prompts().chat(conversation, options);
      ReplyStream stream =
          model.start(
              sequence,
              prompt,
              generation,
              !options.tools().isEmpty(),
              reply -> ended(conversation, reply));
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

  private void ended(List<Message> conversation, @Nullable Reply reply) {
    if (reply != null) {
      conversation.add(
          new Message(Role.ASSISTANT, reply.answer(), reply.reasoning(), reply.toolCalls()));
      history = List.copyOf(conversation);
    }
    current = null;
    busy.set(null);
  }

  /**
   * Returns what was said so far, without the system prompt.
   *
   * @return the messages; not modifiable
   */
  public List<Message> history() {
    return history;
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
