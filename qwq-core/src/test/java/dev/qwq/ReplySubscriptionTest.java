package dev.qwq;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A reply as a publisher: demand is honoured, the end comes once, cancelling stops the reply. */
class ReplySubscriptionTest {
  private static Model model;

  @BeforeAll
  static void open() {
    model = TinyModel.open();
  }

  @AfterAll
  static void close() {
    model.close();
  }

  /** Keeps every signal in a queue. */
  private static class Recorder implements Flow.Subscriber<ChatEvent> {
    final BlockingQueue<Object> signals = new LinkedBlockingQueue<>();

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
      signals.add(subscription);
    }

    @Override
    public void onNext(ChatEvent event) {
      signals.add(event);
    }

    @Override
    public void onError(Throwable error) {
      signals.add(error);
    }

    @Override
    public void onComplete() {
      signals.add("complete");
    }

    Object next() throws InterruptedException {
      Object signal = signals.poll(60, TimeUnit.SECONDS);
      assertThat(signal).as("a signal within a minute").isNotNull();
      return signal;
    }

    Flow.Subscription subscription() throws InterruptedException {
      return (Flow.Subscription) next();
    }
  }

  @Test
  void deliversAsManyAsRequested() throws InterruptedException {
    try (Session session = model.newSession()) {
      Recorder recorder = new Recorder();
      session.stream(TinyModel.STRAWBERRY, TinyModel.greedy()).subscribe(recorder);
      Flow.Subscription subscription = recorder.subscription();
      List<Object> seen = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        subscription.request(1);
        seen.add(recorder.next());
      }
      // Nothing was asked for: what arrived would lie in the queue by the time the reply has ended.
      assertThat(recorder.signals).isEmpty();
      subscription.request(Long.MAX_VALUE);
      subscription.request(Long.MAX_VALUE);
      Object signal = recorder.next();
      while (signal instanceof ChatEvent) {
        seen.add(signal);
        signal = recorder.next();
      }
      assertThat(signal).isEqualTo("complete");
      assertThat(seen.getLast()).isInstanceOf(ChatEvent.Done.class);
    }
  }

  @Test
  void aSecondSubscriberIsRefused() throws InterruptedException {
    try (Session session = model.newSession();
        ReplyStream stream = session.stream(TinyModel.STRAWBERRY, TinyModel.greedy())) {
      stream.subscribe(new Recorder());
      Recorder second = new Recorder();
      stream.subscribe(second);
      second.subscription();
      assertThat(second.next()).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void aRefusedSubscriberCannotCancel() throws InterruptedException {
    try (Session session = model.newSession()) {
      ReplyStream stream = session.stream(TinyModel.STRAWBERRY, TinyModel.greedy());
      Recorder first = new Recorder();
      stream.subscribe(first);
      Recorder second = new Recorder();
      stream.subscribe(second);
      second.subscription().cancel();
      first.subscription().request(Long.MAX_VALUE);
      Object signal = first.next();
      while (!(signal instanceof ChatEvent.Done)) {
        signal = first.next();
      }
      assertThat(((ChatEvent.Done) signal).finishReason()).isEqualTo(FinishReason.STOP);
      assertThat(first.next()).isEqualTo("complete");
    }
  }

  @Test
  void aSubscriberThatThrowsHearsNoMoreAndFreesTheSession() throws InterruptedException {
    try (Session session = model.newSession()) {
      Recorder recorder =
          new Recorder() {
            @Override
            public void onNext(ChatEvent event) {
              super.onNext(event);
              Thread.currentThread().setUncaughtExceptionHandler((t, e) -> signals.add("uncaught"));
              throw new IllegalStateException("a subscriber's own mistake");
            }
          };
      ReplyStream stream = session.stream(TinyModel.STRAWBERRY, TinyModel.greedy());
      stream.subscribe(recorder);
      recorder.subscription().request(2);
      assertThat(recorder.next()).isInstanceOf(ChatEvent.class);
      assertThat(recorder.next()).isEqualTo("uncaught");
      assertThat(recorder.signals).isEmpty();
      stream.close();
      assertThat(session.send("What is 1 + 1?", TinyModel.greedy()).answer()).isNotEmpty();
    }
  }

  @Test
  void aRequestForNothingIsAnError() throws InterruptedException {
    try (Session session = model.newSession()) {
      Recorder recorder = new Recorder();
      session.stream(TinyModel.STRAWBERRY, TinyModel.greedy()).subscribe(recorder);
      recorder.subscription().request(0);
      assertThat(recorder.next()).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void aRequestForNothingIsAnErrorBeforeTheNextEventComes() throws InterruptedException {
    try (ScriptedReplies replies = new ScriptedReplies();
        ReplyStream stream = replies.held()) {
      Recorder recorder = new Recorder();
      stream.subscribe(recorder);
      Flow.Subscription subscription = recorder.subscription();
      subscription.request(1);
      assertThat(recorder.next()).isInstanceOf(ChatEvent.Progress.class);
      subscription.request(-7);
      assertThat(recorder.next())
          .isInstanceOfSatisfying(
              IllegalArgumentException.class, e -> assertThat(e).hasMessageContaining("-7"));
    }
  }

  @Test
  void aFailureNeedsNoDemand() throws InterruptedException {
    try (ScriptedReplies replies = new ScriptedReplies();
        ReplyStream stream = replies.failing()) {
      Recorder recorder = new Recorder();
      stream.subscribe(recorder);
      recorder.subscription().request(1);
      assertThat(recorder.next()).isInstanceOf(ChatEvent.Progress.class);
      assertThat(recorder.next())
          .isInstanceOfSatisfying(
              QwqException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INTERNAL));
    }
  }

  @Test
  void aSubscriberThatComesTooLateHearsTheEnd() throws InterruptedException {
    try (ScriptedReplies replies = new ScriptedReplies();
        ReplyStream stream = replies.letters(3)) {
      stream.forEach(event -> {});
      Recorder recorder = new Recorder();
      stream.subscribe(recorder);
      recorder.subscription();
      assertThat(recorder.next()).isEqualTo("complete");
    }
  }

  @Test
  void cancellingStopsTheReply() throws InterruptedException {
    try (Session session = model.newSession()) {
      Recorder recorder = new Recorder();
      ReplyStream stream = session.stream(TinyModel.STRAWBERRY, TinyModel.greedy());
      stream.subscribe(recorder);
      Flow.Subscription subscription = recorder.subscription();
      subscription.request(1);
      recorder.next();
      subscription.cancel();
      assertThat(stream.reply().finishReason()).isIn(FinishReason.CANCELLED, FinishReason.STOP);
    }
  }
}
