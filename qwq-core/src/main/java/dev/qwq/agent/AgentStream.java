package dev.qwq.agent;

import dev.qwq.ErrorCode;
import dev.qwq.Message;
import dev.qwq.QwqException;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What an agent does while it does it: its events, one after the other, {@link AgentEvent.Done}
 * last.
 *
 * <p>The agent works whether or not anybody listens; read to the end or {@link #close()} it, best
 * in a try-with-resources statement. If the thread that waits for an event is interrupted, the
 * agent is cancelled; the events up to {@code Done} still come, and the thread stays interrupted.
 *
 * <p>One thread consumes; {@link #cancel()} and {@link #close()} may be called by any.
 */
public final class AgentStream implements Iterable<AgentEvent>, AutoCloseable {
  /** The next event; without one, the end. */
  private record Signal(@Nullable AgentEvent event) {}

  private final AgentRun run;
  private final BlockingQueue<Signal> queue = new LinkedBlockingQueue<>();
  private final CompletableFuture<AgentReply> result = new CompletableFuture<>();
  private final ReentrantLock lock = new ReentrantLock();
  private @Nullable AgentEvent next;
  private boolean ended;

  private AgentStream(AgentRun run) {
    this.run = run;
  }

  static AgentStream start(AgentRun run, Message message) {
    AgentStream stream = new AgentStream(run);
    Thread.ofVirtual().name("qwq-agent").start(() -> stream.work(message));
    return stream;
  }

  private void work(Message message) {
    try {
      result.complete(run.run(message, event -> queue.add(new Signal(event))));
    } catch (Throwable e) {
      result.completeExceptionally(e);
    } finally {
      queue.add(new Signal(null));
    }
  }

  /**
   * Returns the events that were not consumed yet.
   *
   * @return an iterator, which waits for events and throws {@link QwqException} if the agent
   *     failed; all iterators of a stream take from the same events
   */
  @Override
  public Iterator<AgentEvent> iterator() {
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return peek() != null;
      }

      @Override
      public AgentEvent next() {
        return take();
      }
    };
  }

  /**
   * Waits for the end. Events not consumed so far stay for the iterator.
   *
   * @return what happened; cut short if it was cancelled
   * @throws QwqException if the agent failed
   */
  public AgentReply reply() {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return result.get();
        } catch (InterruptedException e) {
          interrupted = true;
          cancel();
        } catch (ExecutionException e) {
          throw failure(e.getCause());
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /**
   * Cancels the agent, if it has not ended, and returns at once: the model stops within 200 ms, and
   * running tools are interrupted. The events up to {@link AgentEvent.Done} still come.
   */
  public void cancel() {
    run.cancel();
  }

  /**
   * Cancels the agent, if it has not ended, and waits until it has stopped. Events that came before
   * stay for the iterator. Never throws what the agent failed with.
   */
  @Override
  public void close() {
    cancel();
    result.handle((reply, failure) -> true).join();
  }

  private @Nullable AgentEvent peek() {
    lock.lock();
    try {
      while (next == null && !ended) {
        Signal signal = waitForSignal();
        next = signal.event();
        ended = next == null;
      }
      if (next == null && result.isCompletedExceptionally()) {
        throw failure(result.exceptionNow());
      }
      return next;
    } finally {
      lock.unlock();
    }
  }

  private AgentEvent take() {
    lock.lock();
    try {
      AgentEvent event = peek();
      if (event == null) {
        throw new NoSuchElementException("the agent has stopped");
      }
      next = null;
      return event;
    } finally {
      lock.unlock();
    }
  }

  private Signal waitForSignal() {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return queue.take();
        } catch (InterruptedException e) {
          interrupted = true;
          cancel();
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static QwqException failure(@Nullable Throwable cause) {
    if (cause instanceof QwqException failure) {
      return failure;
    }
    String message = "the agent failed: " + cause;
    return cause == null
        ? new QwqException(ErrorCode.INTERNAL, message)
        : new QwqException(ErrorCode.INTERNAL, message, cause);
  }
}
