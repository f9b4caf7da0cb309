package dev.qwq;

import dev.qwq.engine.Generation;
import dev.qwq.engine.GenerationEnd;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A reply while it is being generated: its events, one after the other, {@link ChatEvent.Done}
 * last.
 *
 * <p>Iterate over it, or subscribe to it; a subscriber gets as many events as it requests. Either
 * way every event is delivered once. The reply is generated whether or not anybody listens, and the
 * session is busy until the reply has ended: read it to the end or {@link #close()} it, best in a
 * try-with-resources statement.
 *
 * <p>If the thread that waits for an event is interrupted, the reply is cancelled; the events up to
 * {@code Done} still come, and the thread stays interrupted.
 *
 * <p>One thread consumes; {@link #cancel()} and {@link #close()} may be called by any.
 */
public final class ReplyStream
    implements Iterable<ChatEvent>, AutoCloseable, Flow.Publisher<ChatEvent> {
  private static final long FOREVER = Long.MAX_VALUE;

  private final TokenFeed feed;
  private final Generation generation;
  private final ReplyBuilder builder;
  private final ReplySteering steering;
  private final Consumer<@Nullable Reply> onEnd;
  private final AtomicBoolean subscribed = new AtomicBoolean();

  // Guards all below: whoever holds it moves the reply on.
  private final ReentrantLock lock = new ReentrantLock();
  private final Queue<ChatEvent> events;
  private @Nullable Reply reply;
  private @Nullable QwqException failure;
  private @Nullable Throwable defect;

  ReplyStream(
      TokenFeed feed,
      Generation generation,
      ReplyBuilder builder,
      ReplySteering steering,
      Queue<ChatEvent> events,
      Consumer<@Nullable Reply> onEnd) {
    this.feed = feed;
    this.generation = generation;
    this.builder = builder;
    this.steering = steering;
    this.events = events;
    this.onEnd = onEnd;
  }

  /** The queue that builder and stream share. */
  static Queue<ChatEvent> newEventQueue() {
    return new ArrayDeque<>();
  }

  /**
   * Returns the events that were not consumed yet, as {@link #hasNext()} and {@link #next()} do.
   *
   * @return an iterator; all iterators of a stream take from the same events
   */
  @Override
  public Iterator<ChatEvent> iterator() {
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return ReplyStream.this.hasNext();
      }

      @Override
      public ChatEvent next() {
        return ReplyStream.this.next();
      }
    };
  }

  /**
   * Waits until there is another event, or none will come.
   *
   * @return whether {@link #next()} has an event
   * @throws QwqException if the reply failed
   */
  public boolean hasNext() {
    lock.lock();
    try {
      advanceWhile(true, FOREVER);
      if (!events.isEmpty()) {
        return true;
      }
      throwFailure();
      return false;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits for the next event.
   *
   * @return the event
   * @throws NoSuchElementException after {@link ChatEvent.Done}
   * @throws QwqException if the reply failed
   */
  public ChatEvent next() {
    lock.lock();
    try {
      if (!hasNext()) {
        throw new NoSuchElementException("the reply has ended");
      }
      return events.remove();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits for the next event, but not longer than a given time; for those who have something else
   * to do meanwhile, such as telling a client that the connection is alive.
   *
   * @param timeout how long to wait at most; zero or less does not wait
   * @return the event; empty if none came in time
   * @throws NoSuchElementException after {@link ChatEvent.Done}
   * @throws QwqException if the reply failed
   */
  public Optional<ChatEvent> poll(Duration timeout) {
    long nanos = saturatedNanos(timeout);
    lock.lock();
    try {
      advanceWhile(true, nanos);
      ChatEvent event = events.poll();
      if (event == null && ended()) {
        throwFailure();
        throw new NoSuchElementException("the reply has ended");
      }
      return Optional.ofNullable(event);
    } finally {
      lock.unlock();
    }
  }

  private static long saturatedNanos(Duration timeout) {
    return timeout.compareTo(Duration.ofNanos(FOREVER)) >= 0 ? FOREVER : timeout.toNanos();
  }

  /**
   * Waits for the end of the reply. Events not consumed so far stay for the iterator.
   *
   * @return the reply; partial if it was cancelled
   * @throws QwqException if the reply failed
   */
  public Reply reply() {
    return awaitReply(FOREVER)
        .orElseThrow(
            () -> new QwqException(ErrorCode.INTERNAL, "a reply ended without result and failure"));
  }

  /**
   * Waits for the end of the reply, but not longer than a given time. Events not consumed so far
   * stay for the iterator.
   *
   * @param timeout how long to wait at most; zero or less does not wait
   * @return the reply, partial if it was cancelled; empty if it has not ended in time and goes on
   * @throws QwqException if the reply failed
   */
  public Optional<Reply> reply(Duration timeout) {
    return awaitReply(saturatedNanos(timeout));
  }

  private Optional<Reply> awaitReply(long nanos) {
    lock.lock();
    try {
      advanceWhile(false, nanos);
      throwFailure();
      return Optional.ofNullable(reply);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Returns the end of the reply as a future, for code that composes futures. A virtual thread
   * waits for it, as {@link #reply()} does: events are kept, and can be read after the end.
   *
   * <p>Completing the future by other means stops the computation: {@link
   * CompletableFuture#cancel}, {@link CompletableFuture#orTimeout}. Cancelling a future derived
   * from it does not, as always with {@link CompletableFuture}.
   *
   * @return completes with the reply, a partial one if it was cancelled through this stream; or
   *     with the {@link QwqException} it failed with
   */
  public CompletableFuture<Reply> replyAsync() {
    CompletableFuture<Reply> future = new CompletableFuture<>();
    Thread.ofVirtual().name("qwq-reply").start(() -> complete(future));
    // After the reply's own end this does nothing.
    var _ = future.whenComplete((reply, failure) -> generation.cancel());
    return future;
  }

  private void complete(CompletableFuture<Reply> future) {
    try {
      future.complete(reply());
    } catch (RuntimeException | Error e) {
      future.completeExceptionally(e);
    }
  }

  /**
   * Cancels the reply, if it has not ended, and returns at once. Its computation stops within 200
   * ms; the events up to {@link ChatEvent.Done} with {@link FinishReason#CANCELLED} still come.
   */
  public void cancel() {
    generation.cancel();
  }

  /**
   * Ends the model's thinking, as if its {@link ThinkingBudget} were used up, and returns at once:
   * with the next token the end of the thinking is written, and the answer follows. Before the
   * first token it keeps the model from thinking at all; afterwards, or if the model does not
   * think, it does nothing. May be called by any thread.
   */
  public void endThinking() {
    steering.endThinking();
  }

  /**
   * Cancels the reply, if it has not ended, and waits until its computation has stopped: within 200
   * ms. Events that came before stay for the iterator. Never throws what the reply failed with.
   */
  @Override
  public void close() {
    generation.cancel();
    lock.lock();
    try {
      advanceWhile(false, FOREVER);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Delivers the events to a subscriber, on a virtual thread of its own, as many as it requests.
   * Cancelling the subscription cancels the reply. There can be one subscriber.
   *
   * @param subscriber receives the events
   */
  @Override
  public void subscribe(Flow.Subscriber<? super ChatEvent> subscriber) {
    Objects.requireNonNull(subscriber, "subscriber");
    if (subscribed.compareAndSet(false, true)) {
      ReplySubscription.start(this, subscriber);
    } else {
      ReplySubscription.refuse(subscriber);
    }
  }

  /**
   * Moves on until the reply has ended, (if asked for) there is an event, or the time has passed.
   */
  private void advanceWhile(boolean stopAtEvent, long nanos) {
    boolean interrupted = false;
    long start = System.nanoTime();
    try {
      while (!ended() && !(stopAtEvent && !events.isEmpty())) {
        try {
          TokenFeed.Signal signal =
              nanos == FOREVER ? feed.take() : feed.poll(nanos - (System.nanoTime() - start));
          if (signal == null) {
            return;
          }
          take(signal);
        } catch (InterruptedException e) {
          interrupted = true;
          generation.cancel();
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private boolean ended() {
    return reply != null || failure != null;
  }

  private void take(TokenFeed.Signal signal) {
    switch (signal) {
      case TokenFeed.Prefill prefill ->
          events.add(new ChatEvent.Progress(prefill.processed(), prefill.total()));
      case TokenFeed.Token token -> accept(token);
      case TokenFeed.Repetition repetition -> accept(repetition);
      case TokenFeed.End end -> end(end.end());
    }
  }

  private void accept(TokenFeed.Repetition repetition) {
    if (defect == null && !builder.isStopped()) {
      events.add(
          new ChatEvent.RepetitionDetected(
              builder.lastText(repetition.period()),
              repetition.period(),
              repetition.repeats(),
              repetition.action()));
    }
  }

  private void accept(TokenFeed.Token token) {
    if (defect != null) {
      return;
    }
    try {
      if (!builder.accept(token.id(), token.forced())) {
        generation.cancel();
      }
    } catch (RuntimeException | Error e) {
      // The stream must still reach its end: the generation stops, and the reply has failed.
      defect = e;
      generation.cancel();
    }
  }

  /** Whatever happens, the stream has ended afterwards and the session is free. */
  private void end(GenerationEnd end) {
    Reply partial = null;
    if (end.failure() == null && defect == null) {
      try {
        partial = builder.finish(end, steering.thinkingTime());
      } catch (RuntimeException | Error e) {
        defect = e;
      }
    }
    if (partial != null) {
      events.add(new ChatEvent.Done(partial.usage(), partial.finishReason()));
      reply = partial;
    } else if (end.failure() != null) {
      failure = end.failure();
    } else {
      failure = unreadable(defect);
    }
    onEnd.accept(partial);
  }

  private static QwqException unreadable(@Nullable Throwable defect) {
    String message = "the reply could not be read: " + defect;
    return defect == null
        ? new QwqException(ErrorCode.INTERNAL, message)
        : new QwqException(ErrorCode.INTERNAL, message, defect);
  }

  private void throwFailure() {
    if (failure != null) {
      throw failure;
    }
  }
}
