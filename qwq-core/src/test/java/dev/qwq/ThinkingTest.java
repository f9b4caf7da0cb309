package dev.qwq;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Thinking under control, with a real model. */
class ThinkingTest {
  private static Model model;

  @BeforeAll
  static void open() {
    model = TinyModel.open();
  }

  @AfterAll
  static void close() {
    model.close();
  }

  private static GenerationOptions budget(ThinkingBudget budget) {
    return TinyModel.greedy().toBuilder().thinkingBudget(budget).build();
  }

  private static Reply ask(GenerationOptions options) {
    return ask(model, options);
  }

  private static Reply ask(Model model, GenerationOptions options) {
    try (Session session = model.newSession()) {
      return session.send(TinyModel.STRAWBERRY, options);
    }
  }

  private static String decode(int... tokens) {
    return model.tokenizer().orElseThrow().decode(tokens);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 7, 30})
  void aHardBudgetEndsTheThinkingWhereItIsUsedUp(int tokens) {
    Reply free = ask(TinyModel.greedy());
    Reply reply = ask(budget(ThinkingBudget.ofTokens(tokens)));
    assertThat(Arrays.copyOf(reply.tokens(), tokens))
        .isEqualTo(Arrays.copyOf(free.tokens(), tokens));
    assertThat(reply.text())
        .startsWith(decode(Arrays.copyOf(free.tokens(), tokens)) + "\n</think>\n\n");
    assertThat(reply.usage().thinkingTokens()).isEqualTo(tokens + 2); // newline and marker
    assertThat(reply.usage().forcedTokens()).isEqualTo(3); // and the blank line
    // This model, cut short, thinks on in its answer.
    assertThat(reply.answer()).isNotEmpty();
    assertThat(reply.finishReason()).isEqualTo(FinishReason.STOP);
    assertThat(reply.usage().generatedTokens()).isEqualTo(reply.tokens().length);
  }

  @Test
  void aSoftBudgetThinksASentenceMore() {
    Reply standard = ask(budget(ThinkingBudget.ofTokens(10).withNudge()));
    assertThat(standard.reasoning()).endsWith("\n\n" + ThinkingBudget.DEFAULT_NUDGE);
    assertThat(standard.answer()).isNotEmpty();
    Reply own = ask(budget(ThinkingBudget.ofTokens(10).withNudge("So \"r\" appears 3 times.")));
    assertThat(own.reasoning()).endsWith("\n\nSo \"r\" appears 3 times.");
    assertThat(own.answer()).contains("**3**");
  }

  @Test
  void aBudgetThatIsNotUsedUpChangesNothing() {
    Reply free = ask(TinyModel.greedy());
    assertThat(free.usage().forcedTokens()).isZero();
    assertThat(free.usage().thinkingTime()).isPositive();
    int exactly = free.usage().thinkingTokens();
    assertThat(ask(budget(ThinkingBudget.ofTokens(exactly).withNudge()))).isEqualTo(free);
    assertThat(ask(budget(ThinkingBudget.ofTime(Duration.ofHours(1))))).isEqualTo(free);
    // One fewer, and the marker that the model was about to write is written for it.
    Reply shorter = ask(budget(ThinkingBudget.ofTokens(exactly - 1)));
    assertThat(shorter.reasoning()).isEqualTo(free.reasoning());
    assertThat(shorter.usage().forcedTokens()).isPositive();
  }

  @Test
  void aBudgetInTimeEndsIt() {
    Reply reply = ask(budget(ThinkingBudget.ofTime(Duration.ZERO)));
    assertThat(reply.reasoning()).isEmpty();
    assertThat(reply.answer()).isNotEmpty();
    Reply nanosecond = ask(budget(ThinkingBudget.ofTime(Duration.ofNanos(1))));
    assertThat(nanosecond.usage().thinkingTokens()).isEqualTo(4); // two of the model's own
    assertThat(nanosecond.usage().thinkingTime()).isPositive();
  }

  @Test
  void theSameSeedGivesTheSameReplyWhateverElseRuns()
      throws ExecutionException, InterruptedException {
    GenerationOptions options =
        TinyModel.seeded(11).toBuilder()
            .thinkingBudget(ThinkingBudget.ofTokens(25).withNudge())
            .build();
    Reply alone = ask(options);
    assertThat(alone.usage().forcedTokens()).isPositive();
    ModelOptions small =
        ModelOptions.builder().contextLength(256).kvCacheTokens(320).maxSequences(8).build();
    try (Model tight = Model.open(TinyModel.path(), small);
        ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Reply>> replies = new ArrayList<>();
      for (int i = 0; i < 12; i++) {
        replies.add(executor.submit(() -> ask(tight, options)));
      }
      for (Future<Reply> reply : replies) {
        assertThat(reply.get()).isEqualTo(alone);
      }
    }
  }

  @Test
  void aStreamIsTheBlockingCall() {
    GenerationOptions options = budget(ThinkingBudget.ofTokens(12).withNudge("Enough."));
    Reply blocking = ask(options);
    StringBuilder reasoning = new StringBuilder();
    StringBuilder answer = new StringBuilder();
    try (Session session = model.newSession();
        ReplyStream stream = session.stream(TinyModel.STRAWBERRY, options)) {
      for (ChatEvent event : stream) {
        switch (event) {
          case ChatEvent.Reasoning r -> reasoning.append(r.text());
          case ChatEvent.Answer a -> answer.append(a.text());
          default -> {}
        }
      }
      assertThat(stream.reply()).isEqualTo(blocking);
    }
    assertThat(reasoning).asString().isEqualTo(blocking.reasoning()).endsWith("Enough.");
    assertThat(answer).asString().isEqualTo(blocking.answer());
  }

  @Test
  void thinkingEndsWhenTold() {
    try (Session session = model.newSession();
        ReplyStream stream = session.stream(TinyModel.STRAWBERRY, TinyModel.greedy())) {
      stream.endThinking(); // the prompt is still being read, or has just been
      Reply reply = stream.reply();
      assertThat(reply.answer()).isNotEmpty();
      assertThat(reply.usage().thinkingTokens()).isLessThan(20);
      stream.endThinking();
    }
  }

  @Test
  void cancellingAfterForcedTokensKeepsThem() {
    try (Session session = model.newSession();
        ReplyStream stream =
            session.stream(
                TinyModel.STRAWBERRY, budget(ThinkingBudget.ofTokens(3).withNudge("Enough.")))) {
      StringBuilder thoughts = new StringBuilder();
      while (!thoughts.toString().endsWith("Enough.")) {
        if (stream.next() instanceof ChatEvent.Reasoning reasoning) {
          thoughts.append(reasoning.text());
        }
      }
      stream.cancel();
      assertThat(stream.reply().reasoning()).isEqualTo(thoughts.toString());
      assertThat(stream.reply().text()).contains("Enough.\n</think>");
      assertThat(session.history()).hasSize(2);
      assertThat(session.send("What is 1 + 1?", TinyModel.greedy()).answer()).contains("2");
    }
  }

  @Test
  void aReplyThatGoesOnKeepsItsBudget() {
    GenerationOptions options = budget(ThinkingBudget.ofTokens(30));
    Reply whole = ask(options);
    for (int keep : new int[] {0, 10, 29, 30, 33, 40}) {
      try (Session session = model.newSession()) {
        session.send(TinyModel.STRAWBERRY, options);
        try (ReplyStream rest = session.resume(keep, options)) {
          assertThat(rest.reply().tokens()).as("from %d", keep).isEqualTo(whole.tokens());
        }
      }
    }
  }

  @Test
  void withoutThinkingTheAnswerComesAtOnce() {
    GenerationOptions off = TinyModel.greedy().toBuilder().thinking(false).build();
    Reply reply = ask(off);
    assertThat(reply.reasoning()).isEmpty();
    assertThat(reply.usage().thinkingTokens()).isZero();
    assertThat(reply.usage().thinkingTime()).isZero();
    assertThat(reply.answer()).isNotEmpty();
    assertThat(ask(TinyModel.greedy().toBuilder().thinking(true).build()))
        .isEqualTo(ask(TinyModel.greedy()));
  }

  @Test
  void aLoopIsAnEventAndCanEndTheReply() {
    // Nothing but "a" can be drawn.
    int[] a = model.tokenizer().orElseThrow().encode("a");
    Sampler stuck = Sampler.builder().temperature(0).logitBias(a[0], 1e9f).build();
    GenerationOptions report = GenerationOptions.builder().sampler(stuck).maxTokens(600).build();
    try (Session session = model.newSession();
        ReplyStream stream = session.stream("hi", report)) {
      List<ChatEvent.RepetitionDetected> loops = new ArrayList<>();
      stream.forEach(
          event -> {
            if (event instanceof ChatEvent.RepetitionDetected loop) {
              loops.add(loop);
            }
          });
      assertThat(loops)
          .containsExactly(
              new ChatEvent.RepetitionDetected("a", 1, 512, RepetitionPolicy.Action.REPORT));
      assertThat(stream.reply().finishReason()).isEqualTo(FinishReason.LENGTH);
    }
    Reply stopped = ask(report.toBuilder().repetition(RepetitionPolicy.stop()).build());
    assertThat(stopped.finishReason()).isEqualTo(FinishReason.REPETITION);
    assertThat(stopped.tokens()).hasSize(512);
    Reply ended =
        ask(
            report.toBuilder()
                .repetition(RepetitionPolicy.endThinking().withThresholds(20, 4, 10))
                .build());
    assertThat(ended.reasoning()).isEqualTo("a".repeat(20));
    assertThat(ended.answer()).isEqualTo("a".repeat(20));
    assertThat(ended.finishReason()).isEqualTo(FinishReason.REPETITION);
  }
}
