package dev.qwq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A reply as a future: the same reply, and whoever gives the future up stops the computation. */
class ReplyFutureTest {
  private static Model model;
  private static ScriptedReplies replies;

  @BeforeAll
  static void open() {
    model = TinyModel.open();
    replies = new ScriptedReplies();
  }

  @AfterAll
  static void close() {
    replies.close();
    model.close();
  }

  private static void assertCode(CompletableFuture<Reply> future, ErrorCode code) {
    assertThatThrownBy(future::join)
        .isInstanceOf(CompletionException.class)
        .cause()
        .isInstanceOfSatisfying(QwqException.class, e -> assertThat(e.code()).isEqualTo(code));
  }

  @Test
  void completesWithWhatSendReturns() {
    Reply sent;
    try (Session session = model.newSession()) {
      sent = session.send(TinyModel.STRAWBERRY, TinyModel.greedy());
    }
    try (Session session = model.newSession()) {
      Reply reply = session.sendAsync(TinyModel.STRAWBERRY, TinyModel.greedy()).join();
      assertThat(reply).isEqualTo(sent);
      assertThat(session.history().getLast().content()).isEqualTo(sent.answer());
    }
  }

  @Test
  void oneMessageCanFollowAnother() {
    try (Session session = model.newSession()) {
      Reply second =
          session
              .sendAsync("What is 12 + 30?", TinyModel.greedy())
              .thenCompose(reply -> session.sendAsync("What is 5 + 6?", TinyModel.greedy()))
              .join();
      assertThat(second.answer()).isNotEmpty();
      assertThat(session.history()).hasSize(4);
    }
  }

  @Test
  void cancellingTheFutureStopsTheComputation() {
    ReplyStream stream = replies.held(); // computes until it is cancelled
    CompletableFuture<Reply> future = stream.replyAsync();
    assertThat(future.cancel(true)).isTrue();
    assertThat(stream.reply().finishReason()).isEqualTo(FinishReason.CANCELLED);
  }

  @Test
  void aTimeoutStopsTheComputation() {
    ReplyStream stream = replies.held();
    assertThatThrownBy(stream.replyAsync().orTimeout(10, TimeUnit.MILLISECONDS)::join)
        .hasCauseInstanceOf(TimeoutException.class);
    assertThat(stream.reply().finishReason()).isEqualTo(FinishReason.CANCELLED);
  }

  @Test
  void aStreamThatIsCancelledCompletesItsFutureWithThePartialReply() {
    ReplyStream stream = replies.held();
    CompletableFuture<Reply> future = stream.replyAsync();
    stream.cancel();
    assertThat(future.join().finishReason()).isEqualTo(FinishReason.CANCELLED);
  }

  @Test
  void eventsStayForWhoeverConsumesThem() {
    ReplyStream stream = replies.withEvents(10);
    Reply reply = stream.replyAsync().join();
    List<ChatEvent> events = new ArrayList<>();
    stream.forEach(events::add);
    assertThat(events).hasSize(10).endsWith(new ChatEvent.Done(reply.usage(), FinishReason.LENGTH));
  }

  @Test
  void failuresCompleteTheFuture() {
    assertCode(replies.failing().replyAsync(), ErrorCode.INTERNAL);
    Session session = model.newSession();
    try (ReplyStream stream = session.stream(TinyModel.STRAWBERRY, TinyModel.greedy())) {
      assertCode(session.sendAsync("too early"), ErrorCode.SESSION_BUSY);
      stream.cancel();
    }
    session.close();
    assertCode(session.sendAsync(List.of(), TinyModel.greedy()), ErrorCode.CLOSED);
  }
}
