package dev.qwq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Conversations that branch, go back, and go on. */
class SessionBranchTest {
  private static Model model;

  @BeforeAll
  static void open() {
    model = TinyModel.open();
  }

  @AfterAll
  static void close() {
    model.close();
  }

  private static GenerationOptions penalised(long seed, int maxTokens) {
    Sampler sampler =
        Sampler.builder()
            .temperature(1.1f)
            .presencePenalty(0.4f)
            .frequencyPenalty(0.1f)
            .repetitionPenalty(1.05f)
            .seed(seed)
            .build();
    return GenerationOptions.builder().sampler(sampler).maxTokens(maxTokens).build();
  }

  @Test
  void branchesSayWhatTheyWouldSayAlone() {
    try (Session session = model.newSession()) {
      session.send("What is 12 + 30?", TinyModel.seeded(1));
      try (Session fork = session.fork()) {
        assertThat(fork.history()).isEqualTo(session.history());
        Reply here = session.send(TinyModel.STRAWBERRY, TinyModel.seeded(2));
        Reply there = fork.send("What is 7 + 8?", TinyModel.seeded(3));
        assertThat(fork.history()).hasSize(4).isNotEqualTo(session.history());
        assertThat(there.usage().cachedTokens()).isPositive();
        try (Model other = TinyModel.open();
            Session alone = other.newSession()) {
          alone.send("What is 12 + 30?", TinyModel.seeded(1));
          assertThat(alone.send("What is 7 + 8?", TinyModel.seeded(3))).isEqualTo(there);
          alone.rewind(2);
          assertThat(alone.send(TinyModel.STRAWBERRY, TinyModel.seeded(2))).isEqualTo(here);
        }
      }
    }
  }

  @Test
  void aReplyGoesOnAsIfItHadNotBeenCut() {
    try (Session session = model.newSession()) {
      Reply whole = session.send(TinyModel.STRAWBERRY, penalised(5, 200));
      int count = whole.tokens().length;
      for (int keep : new int[] {0, 1, 9, count / 2, count - 2}) {
        try (Session fork = session.fork();
            ReplyStream stream = fork.resume(keep, penalised(5, 200 - keep))) {
          assertThat(stream.reply()).as("%d tokens kept", keep).isEqualTo(whole);
          assertThat(stream.reply().reasoning()).isEqualTo(whole.reasoning());
          assertThat(fork.history()).isEqualTo(session.history());
        }
      }
      try (Session cut = model.newSession()) {
        Reply first = cut.send(TinyModel.STRAWBERRY, penalised(5, 11));
        assertThat(first.finishReason()).isEqualTo(FinishReason.LENGTH);
        try (ReplyStream rest = cut.resume(Integer.MAX_VALUE, penalised(5, 189))) {
          assertThat(rest.reply()).isEqualTo(whole);
        }
        assertThat(cut.history()).isEqualTo(session.history());
      }
    }
  }

  @Test
  void aResumedReplyMayTakeAnotherWay() {
    try (Session session = model.newSession()) {
      Reply first = session.send(TinyModel.STRAWBERRY, penalised(5, 60));
      Reply second;
      try (ReplyStream stream = session.resume(20, penalised(6, 60))) {
        second = stream.reply();
      }
      assertThat(Arrays.copyOf(second.tokens(), 20)).isEqualTo(Arrays.copyOf(first.tokens(), 20));
      assertThat(second).isNotEqualTo(first);
      assertThat(session.history()).hasSize(2);
    }
  }

  @Test
  void goesBack() {
    try (Session session = model.newSession()) {
      Reply first = session.send("What is 12 + 30?", TinyModel.greedy());
      session.send("What is 7 + 8?", TinyModel.greedy());
      session.rewind(2);
      assertThat(session.history()).hasSize(2);
      session.rewind(0);
      session.rewind(2);
      assertThat(session.history()).isEmpty();
      assertThatThrownBy(session::resume).hasMessageContaining("found none");
      Reply again = session.send("What is 12 + 30?", TinyModel.greedy());
      assertThat(again).isEqualTo(first);
      // All but the opened thinking, which the second turn had no place for.
      assertThat(again.usage().cachedTokens()).isEqualTo(again.usage().promptTokens() - 2);
      assertThatThrownBy(() -> session.rewind(3)).hasMessageContaining("expected 0 to 2");
      assertThatThrownBy(() -> session.rewind(-1)).hasMessageContaining("found -1");
      try (ReplyStream running = session.stream("What is 1 + 1?", TinyModel.greedy())) {
        assertThatThrownBy(() -> session.rewind(1))
            .isInstanceOfSatisfying(
                QwqException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.SESSION_BUSY));
        try (Session fork = session.fork()) {
          assertThat(fork.history()).as("before the running reply").hasSize(2);
        }
        running.reply();
      }
    }
  }

  @Test
  void asksSeveralTimes() {
    try (Session session = model.newSession()) {
      List<Reply> replies = session.sendTimes(5, "What is 12 + 30?", TinyModel.seeded(40));
      assertThat(replies).hasSize(5);
      assertThat(session.history()).isEmpty();
      for (int i = 0; i < 5; i++) {
        try (Session alone = model.newSession()) {
          assertThat(alone.send("What is 12 + 30?", TinyModel.seeded(40 + i)))
              .isEqualTo(replies.get(i));
        }
      }
      Votes<String> votes =
          Votes.of(
              replies,
              reply ->
                  reply.answer().contains("42") ? Optional.of("42") : Optional.of(reply.answer()));
      assertThat(votes.winner()).contains("42");
      assertThat(votes.counts().values().stream().mapToInt(Integer::intValue).sum()).isEqualTo(5);
      session.append(Message.user("What is 12 + 30?"), Message.assistant("It is **42**."));
      assertThat(session.history()).hasSize(2);
      assertThatThrownBy(() -> session.sendTimes(0, "x", TinyModel.greedy()))
          .hasMessageContaining("times");
    }
  }

  @Test
  void countsVotes() {
    assertThat(Votes.of(List.of(), reply -> Optional.of(1)).winner()).isEmpty();
    try (Session session = model.newSession()) {
      List<Reply> replies = session.sendTimes(3, "What is 1 + 1?", TinyModel.seeded(1));
      Iterator<Optional<Integer>> ballots =
          List.of(Optional.<Integer>empty(), Optional.of(7), Optional.of(7)).iterator();
      assertThat(Votes.of(replies, reply -> ballots.next()))
          .isEqualTo(new Votes<>(Optional.of(7), Map.of(7, 2), 1));
    }
  }
}
