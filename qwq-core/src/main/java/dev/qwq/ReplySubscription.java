package dev.qwq;

import java.util.concurrent.Flow;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Delivers a reply's events to a {@link Flow.Subscriber}: a virtual thread waits for an event, then
 * for demand, and calls the subscriber. In this order, since a failure is told without demand.
 */
final class ReplySubscription implements Flow.Subscription {
  private final ReplyStream stream;
  private final Flow.Subscriber<? super ChatEvent> subscriber;

  // Wakes the delivering thread; the demand itself is a count that saturates.
  private final Semaphore wake = new Semaphore(0);
  private long demand;
  private boolean cancelled;
  private long badRequest = 1;

  private ReplySubscription(ReplyStream stream, Flow.Subscriber<? super ChatEvent> subscriber) {
    this.stream = stream;
    this.subscriber = subscriber;
  }

  static void start(ReplyStream stream, Flow.Subscriber<? super ChatEvent> subscriber) {
    ReplySubscription subscription = new ReplySubscription(stream, subscriber);
    try {
      subscriber.onSubscribe(subscription);
    } catch (RuntimeException | Error e) {
      subscription.cancel();
      throw e;
    }
    Thread.ofVirtual().name("qwq-subscriber").start(subscription::deliver);
  }

  /** Tells a subscriber that somebody else has the stream already. */
  static void refuse(Flow.Subscriber<? super ChatEvent> subscriber) {
    AtomicBoolean cancelled = new AtomicBoolean();
    subscriber.onSubscribe(
        new Flow.Subscription() {
          @Override
          public void request(long n) {}

          @Override
          public void cancel() {
            cancelled.set(true);
          }
        });
    if (!cancelled.get()) {
      subscriber.onError(new IllegalStateException("a reply can have one subscriber"));
    }
  }

  @Override
  public void request(long n) {
    synchronized (this) {
      if (n <= 0) {
        badRequest = n;
      } else {
        demand = demand + n < 0 ? Long.MAX_VALUE : demand + n;
      }
    }
    if (n <= 0) {
      stream.cancel();
    }
    wake.release();
  }

  @Override
  public void cancel() {
    synchronized (this) {
      cancelled = true;
    }
    stream.cancel();
    wake.release();
  }

  private enum Turn {
    DELIVER,
    WAIT,
    CANCELLED,
    BAD_REQUEST
  }

  private synchronized Turn turn() {
    if (cancelled) {
      return Turn.CANCELLED;
    }
    if (badRequest <= 0) {
      return Turn.BAD_REQUEST;
    }
    if (demand == 0) {
      return Turn.WAIT;
    }
    if (demand != Long.MAX_VALUE) {
      demand--;
    }
    return Turn.DELIVER;
  }

  /**
   * Signals until the end. What a subscriber throws ends the subscription without another signal
   * and goes to the thread's handler of uncaught exceptions.
   */
  private void deliver() {
    try (stream) {
      boolean more = true;
      while (more) {
        more = isNextThere() && deliverOnDemand();
      }
    }
  }

  /** Waits for an event; if there is none, tells why. */
  private boolean isNextThere() {
    boolean there;
    try {
      there = stream.hasNext();
    } catch (QwqException e) {
      if (!isCancelled()) {
        subscriber.onError(e);
      }
      return false;
    }
    if (!there && !isCancelled()) {
      subscriber.onComplete(); // somebody iterated over the events before
    }
    return there;
  }

  /** Delivers one event; false after the last. */
  private boolean deliverOnDemand() {
    Turn turn = turn();
    while (turn == Turn.WAIT) {
      wake.acquireUninterruptibly();
      turn = turn();
    }
    return switch (turn) {
      case DELIVER -> deliverNext();
      case BAD_REQUEST -> {
        subscriber.onError(
            new IllegalArgumentException(
                "request: expected above 0 events (Reactive Streams, rule 3.9), found "
                    + badRequest()));
        yield false;
      }
      case CANCELLED, WAIT -> false;
    };
  }

  private boolean deliverNext() {
    ChatEvent event = stream.next();
    subscriber.onNext(event);
    if (!(event instanceof ChatEvent.Done)) {
      return true;
    }
    if (!isCancelled()) {
      subscriber.onComplete();
    }
    return false;
  }

  private synchronized long badRequest() {
    return badRequest;
  }

  private synchronized boolean isCancelled() {
    return cancelled;
  }
}
