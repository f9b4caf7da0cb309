package dev.qwq.bench.soak;

import dev.qwq.ChatEvent;
import dev.qwq.GenerationOptions;
import dev.qwq.QueueFullException;
import dev.qwq.Reply;
import dev.qwq.ReplyStream;
import dev.qwq.Session;
import dev.qwq.bench.soak.Tally.Event;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** The ways to stop a reply. Belongs to one talker. */
final class Disturbances {
  private static final long LONGEST_MICROS = 60_000;

  private final Random random;
  private final Tally tally;

  Disturbances(Random random, Tally tally) {
    this.random = random;
    this.tally = tally;
  }

  private Thread soon(Runnable action) {
    long nanos = 1000 * random.nextLong(LONGEST_MICROS);
    return Thread.ofVirtual()
        .name("disturbance")
        .start(
            () -> {
              LockSupport.parkNanos(nanos);
              action.run();
            });
  }

  /** Reads some events, then closes the stream. */
  Reply closed(ReplyStream stream) {
    try (stream) {
      int events = random.nextInt(20);
      for (int i = 0; i < events && stream.hasNext(); i++) {
        stream.next();
      }
    }
    tally.add(Event.CLOSED);
    return stream.reply();
  }

  /** Is interrupted while it waits. */
  Reply interrupted(ReplyStream stream) throws InterruptedException {
    Thread waiting = Thread.currentThread();
    Thread disturber = soon(waiting::interrupt);
    Reply reply;
    try (stream) {
      reply = stream.reply();
    }
    boolean interrupted = Thread.interrupted();
    while (disturber.isAlive()) {
      try {
        disturber.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    // Between the disturber's last act and its end the interrupt may have come.
    interrupted |= Thread.interrupted();
    if (!interrupted) {
      throw new AssertionError("the interrupt was swallowed");
    }
    tally.add(Event.INTERRUPTED);
    return reply;
  }

  /** Another thread closes the session; the stream still reaches its end. */
  Reply closedSession(Session session, ReplyStream stream) throws InterruptedException {
    Thread disturber = soon(session::close);
    Reply reply;
    try (stream) {
      reply = stream.reply();
    }
    disturber.join();
    tally.add(Event.SESSION_CLOSED);
    return reply;
  }

  /** Cancels a future, or lets it time out. Nobody waits for the computation. */
  CompletableFuture<Reply> cancelledFuture(Session session, String text, GenerationOptions how) {
    CompletableFuture<Reply> future = session.sendAsync(text, how);
    if (future.isCompletedExceptionally()) {
      try {
        future.join();
      } catch (CompletionException e) {
        if (e.getCause() instanceof QueueFullException full) {
          throw full;
        }
        throw e;
      }
    }
    if (random.nextBoolean()) {
      future.orTimeout(1 + random.nextLong(LONGEST_MICROS), TimeUnit.MICROSECONDS);
    } else {
      soon(() -> future.cancel(true));
    }
    try {
      future.handle((reply, failure) -> tally).join();
    } finally {
      if (future.isCompletedExceptionally()) {
        tally.add(Event.FUTURE_CANCELLED);
      }
    }
    return future;
  }

  /** Subscribes, takes some events, and cancels the subscription. */
  void cancelledFlow(ReplyStream stream) throws InterruptedException {
    CountDownLatch over = new CountDownLatch(1);
    int wanted = 1 + random.nextInt(20);
    stream.subscribe(
        new Flow.Subscriber<ChatEvent>() {
          private Flow.Subscription subscription = NOTHING;
          private int seen;

          @Override
          public void onSubscribe(Flow.Subscription given) {
            subscription = given;
            given.request(1);
          }

          @Override
          public void onNext(ChatEvent event) {
            if (++seen == wanted) {
              subscription.cancel();
              tally.add(Event.FLOW_CANCELLED);
              over.countDown();
            } else {
              subscription.request(1);
            }
          }

          @Override
          public void onError(Throwable failure) {
            tally.failed(failure);
            over.countDown();
          }

          @Override
          public void onComplete() {
            over.countDown();
          }
        });
    over.await();
  }

  private static final Flow.Subscription NOTHING =
      new Flow.Subscription() {
        @Override
        public void request(long n) {}

        @Override
        public void cancel() {}
      };
}
