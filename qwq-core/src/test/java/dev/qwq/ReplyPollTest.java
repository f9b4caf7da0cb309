package dev.qwq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.NoSuchElementException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Waiting for an event, or for the end, for some time only. */
class ReplyPollTest {
  private static final Duration FOREVER = Duration.ofSeconds(Long.MAX_VALUE);

  private static ScriptedReplies replies;

  @BeforeAll
  static void open() {
    replies = new ScriptedReplies();
  }

  @AfterAll
  static void close() {
    replies.close();
  }

  @Test
  void isEmptyWhileNothingHappens() {
    try (ReplyStream stream = replies.held()) {
      assertThat(stream.poll(FOREVER)).containsInstanceOf(ChatEvent.Progress.class);
      assertThat(stream.poll(Duration.ofMillis(5))).isEmpty();
      assertThat(stream.poll(Duration.ZERO)).isEmpty();
      assertThat(stream.poll(Duration.ofNanos(-1))).isEmpty();
      stream.cancel();
      assertThat(stream.poll(FOREVER)).containsInstanceOf(ChatEvent.Done.class);
      assertThatThrownBy(() -> stream.poll(FOREVER)).isInstanceOf(NoSuchElementException.class);
    }
  }

  @Test
  void aReplyThatIsNotOverInTimeGoesOn() {
    try (ReplyStream stream = replies.held()) {
      assertThat(stream.reply(Duration.ofMillis(5))).isEmpty();
      assertThat(stream.reply(Duration.ZERO)).isEmpty();
      stream.cancel();
      assertThat(stream.reply(FOREVER))
          .hasValueSatisfying(
              reply -> assertThat(reply.finishReason()).isEqualTo(FinishReason.CANCELLED));
    }
    try (ReplyStream stream = replies.failing()) {
      assertThatThrownBy(() -> stream.reply(FOREVER)).isInstanceOf(QwqException.class);
    }
  }

  @Test
  void deliversWhatTheIteratorWould() {
    try (ReplyStream stream = replies.withEvents(6)) {
      int events = 0;
      while (!(stream.poll(FOREVER).orElseThrow() instanceof ChatEvent.Done)) {
        events++;
      }
      assertThat(events).isEqualTo(5);
    }
  }

  @Test
  void throwsWhatTheReplyFailedWith() {
    try (ReplyStream stream = replies.failing()) {
      assertThat(stream.poll(FOREVER)).isPresent();
      assertThatThrownBy(() -> stream.poll(FOREVER))
          .isInstanceOfSatisfying(
              QwqException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INTERNAL));
    }
  }
}
