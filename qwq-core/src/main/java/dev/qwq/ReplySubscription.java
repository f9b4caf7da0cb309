package dev.qwq;

import java.util.concurrent.Flow;
import java.util.concurrent.Semaphore;

/**
 * Delivers a reply's events to a {@link Flow.Subscriber}: a virtual thread waits for demand, then
 * for an event, and calls the subscriber.
 */
final class ReplySubscription implements Flow.Subscription {
  private final ReplyStream stream;
  private final Flow.Subscriber<? super ChatEvent> subscriber;

  // Wakes the delivering thread; the demand itself is a count that saturates.
  private final Semaphore wake = new Semaphore(0);
  private long demand;
  private boolean cancelled;
  private boolean badRequest;

  private ReplySubscription(ReplyStream stream, Flow.Subscriber<? super ChatEvent> subscriber) {
    this.stream = stream;
    this.subscriber = subscriber;
  }

  static void start(
      ReplyStream stream, Flow.Subscriber<? super ChatEvent> subscriber, boolean first) {
    ReplySubscription subscription = new ReplySubscription(stream, subscriber);
    subscriber.onSubscribe(subscription);
    if (first) {
      Thread.ofVirtual().name("qwq-subscriber").start(subscription::deliver);
    } else {
      subscriber.onError(new IllegalStateException("a reply can have one subscriber"));
    }
  }

  @Override
  public void request(long n) {
    synchronized (this) {
      if (n <= 0) {
        badRequest = true;
      } else {
        demand = demand + n < 0 ? Long.MAX_VALUE : demand + n;
      }
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
    if (badRequest) {
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

  private void deliver() {
    try (stream) {
      while (true) {
        switch (turn()) {
          case CANCELLED -> {
            return;
          }
          case BAD_REQUEST -> {
            subscriber.onError(
                new IllegalArgumentException("request: expected above 0 events, found fewer"));
            return;
          }
          case WAIT -> wake.acquire();
          case DELIVER -> {
            ChatEvent event = stream.next();
            if (isCancelled()) {
              return;
            }
            subscriber.onNext(event);
            if (event instanceof ChatEvent.Done) {
              if (!isCancelled()) {
                subscriber.onComplete();
              }
              return;
            }
          }
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      subscriber.onError(e);
    } catch (RuntimeException e) {
      if (!isCancelled()) {
        subscriber.onError(e);
      }
    }
  }

  private synchronized boolean isCancelled() {
    return cancelled;
  }
}
