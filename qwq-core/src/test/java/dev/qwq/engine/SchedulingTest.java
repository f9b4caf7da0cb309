package dev.qwq.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qwq.ErrorCode;
import dev.qwq.engine.GenerationEnd.Reason;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The scheduler over a simulated model, which checks each step against the C header's contract. */
class SchedulingTest extends SimulatedEngineTest {
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void togetherAsAlone(long seed) {
    // 14 blocks of 8 tokens for conversations that reach 108: few of the 24 fit.
    EngineInfo small = SimulatedModel.info(108, 14, 24, 8);
    EngineCounters load = Stress.run(() -> engine(ROOMY), () -> engine(small), seed * 7919, 24, 8);
    assertThat(load.preemptions()).as("preemptions").isPositive();
    assertThat(load.evictions()).as("evictions").isPositive();
  }

  @Test
  void reusesWhatTheSequenceHolds() {
    try (Engine engine = roomy();
        KvSequence sequence = engine.newSequence()) {
      int[] first = tokens(20, 1);
      Recorder one = run(engine, sequence, first, 5);
      assertThat(one.end().cachedTokens()).isZero();
      assertThat(one.prefills()).containsExactly("0/20/0", "20/20/0");
      int[] second = Conversation.concat(Conversation.concat(first, one.tokens()), tokens(9, 2));
      Recorder two = run(engine, sequence, second, 5);
      // The token drawn last was never computed.
      assertThat(two.end().cachedTokens()).isEqualTo(24);
      assertThat(two.prefills()).first().isEqualTo("24/34/24");

      // The same prompt again: all but its last token is there.
      Recorder again = run(engine, sequence, second, 5);
      assertThat(again.end().cachedTokens()).isEqualTo(33);
      assertThat(again.tokens()).isEqualTo(two.tokens());

      int[] other = second.clone();
      other[11] = (other[11] + 1) % ROOMY.vocabSize();
      assertThat(run(engine, sequence, other, 5).end().cachedTokens()).isEqualTo(11);
    }
  }

  @Test
  void goesOnAsIfNotInterrupted() {
    int[] prompt = tokens(20, 3);
    int[] whole = alone(prompt, 24);
    try (Engine engine = roomy();
        KvSequence sequence = engine.newSequence()) {
      int[] firstHalf = run(engine, sequence, prompt, 11).tokens();
      int[] secondHalf = run(engine, sequence, Conversation.concat(prompt, firstHalf), 13).tokens();
      assertThat(Conversation.concat(firstHalf, secondHalf)).isEqualTo(whole);
    }
  }

  @Test
  void evictedSequencesComputeTheSameAgain() {
    EngineInfo small = SimulatedModel.info(64, 8, 16, 4);
    try (Engine roomy = engine(ROOMY);
        Engine tight = engine(small);
        KvSequence kept = roomy.newSequence();
        KvSequence evicted = tight.newSequence()) {
      int[] history = {};
      for (int turn = 0; turn < 4; turn++) {
        int[] prompt = Conversation.concat(history, tokens(5, turn));
        int[] answer = run(roomy, kept, prompt, 7).tokens();
        Recorder recomputed = run(tight, evicted, prompt, 7);
        assertThat(recomputed.tokens()).isEqualTo(answer);
        assertThat(recomputed.end().cachedTokens()).isZero();
        history = Conversation.concat(prompt, answer);
        try (KvSequence other = tight.newSequence()) {
          run(tight, other, tokens(60, turn), 3);
        }
      }
    }
  }

  @Test
  void endsAtStopTokenLimitAndFullContext() {
    int[] prompt = tokens(10, 4);
    int[] whole = alone(prompt, 30);
    try (Engine engine = engine(SimulatedModel.info(32, 4, 16, 4));
        KvSequence sequence = engine.newSequence()) {
      Recorder recorder = new Recorder();
      engine.submit(sequence, new GenerationRequest(prompt, GREEDY, 30, whole[6]), recorder);
      int at = IntStream.range(0, 7).filter(i -> whole[i] == whole[6]).findFirst().orElseThrow();
      assertThat(recorder.reason()).isEqualTo(Reason.STOP);
      assertThat(recorder.tokens()).isEqualTo(Arrays.copyOf(whole, at + 1));

      Recorder limited = run(engine, sequence, prompt, 4);
      assertThat(limited.reason()).isEqualTo(Reason.LENGTH);
      assertThat(limited.tokens()).isEqualTo(Arrays.copyOf(whole, 4));

      Recorder full = run(engine, sequence, prompt, Integer.MAX_VALUE);
      assertThat(full.reason()).isEqualTo(Reason.LENGTH);
      assertThat(full.tokens()).isEqualTo(Arrays.copyOf(whole, 22));
      assertThat(full.end().generatedTokens()).isEqualTo(22);
      assertThat(full.end().promptTokens()).isEqualTo(10);
    }
  }

  @Test
  void refusesWhatCannotRun() {
    try (Engine engine = roomy();
        Engine other = engine(ROOMY)) {
      KvSequence sequence = engine.newSequence();
      Recorder never = new Recorder();
      int[] most = tokens(255, 5);
      assertThat(run(engine, sequence, most, 9).tokens()).hasSize(1);
      assertCode(
          ErrorCode.CONTEXT_EXCEEDED,
          () -> engine.submit(sequence, new GenerationRequest(tokens(256, 5), GREEDY, 1), never));
      assertCode(
          ErrorCode.INVALID_ARGUMENT,
          () -> engine.submit(sequence, new GenerationRequest(new int[] {97}, GREEDY, 1), never));
      assertCode(
          ErrorCode.INVALID_ARGUMENT,
          () -> other.submit(sequence, new GenerationRequest(new int[] {1}, GREEDY, 1), never));
      sequence.close();
      assertCode(
          ErrorCode.CLOSED,
          () -> engine.submit(sequence, new GenerationRequest(new int[] {1}, GREEDY, 1), never));
      assertThat(never.ends()).isZero();
    }
  }

  @Test
  void refusesMoreThanTheQueueHoldsAndTwoUsersOfOneSequence() {
    EngineInfo info =
        new EngineInfo(
            BackendKind.REFERENCE, "simulated", 1, 97, 64, 8, 16, "none", 8, 0, 0, 16, 2, 1);
    SimulatedModel stuck = new SimulatedModel(info);
    stuck.beforeStep(SimulatedEngineTest::untilRaised);
    try (Engine engine = Engine.over(stuck, info, () -> {})) {
      List<KvSequence> sequences = new ArrayList<>();
      List<Generation> generations = new ArrayList<>();
      List<Recorder> recorders = new ArrayList<>();
      GenerationRequest request = new GenerationRequest(new int[] {1}, GREEDY, 1);
      for (int i = 0; i < 3; i++) {
        sequences.add(engine.newSequence());
        recorders.add(new Recorder());
        generations.add(engine.submit(sequences.get(i), request, recorders.get(i)));
      }
      Recorder refused = new Recorder();
      assertCode(ErrorCode.QUEUE_FULL, () -> engine.submit(engine.newSequence(), request, refused));
      assertCode(ErrorCode.SESSION_BUSY, () -> engine.submit(sequences.get(0), request, refused));
      // Whichever of them the step is computing: the last cancel at the latest ends it.
      generations.forEach(Generation::cancel);
      for (Recorder recorder : recorders) {
        assertThat(recorder.reason()).isEqualTo(Reason.CANCELLED);
      }
      Recorder accepted = new Recorder();
      engine.submit(sequences.get(1), request, accepted).cancel();
      assertThat(accepted.reason()).isEqualTo(Reason.CANCELLED);
      assertThat(refused.ends()).isZero();
    }
  }

  @Test
  void masksAndTopLogprobsArriveWhereTheyBelong() {
    int[] allowed = new int[Math.ceilDiv(ROOMY.vocabSize(), 32)];
    allowed[0] = 1 << 5;
    allowed[1] = 1 << 20;
    try (Engine engine = roomy()) {
      Recorder recorder = new Recorder();
      SamplingParameters top = new SamplingParameters(0, 0, 1, 0, 0, 0, 1, 0, 4, Map.of());
      engine.submit(
          engine.newSequence(),
          new GenerationRequest(
              tokens(5, 9), top, 20, new int[0], Masks.at(0, n -> n < 10 ? allowed : null)),
          recorder);
      assertThat(Arrays.copyOf(recorder.tokens(), 10)).containsOnly(5, 52);
      assertThat(recorder.tokens()).hasSize(20);
      assertThat(recorder.tops())
          .hasSize(20)
          .allSatisfy(t -> assertThat(t.tokens()).containsExactly(0, 1, 2, 3));
    }
  }

  @Test
  void penaltiesSeeTheAnswerSoFar() {
    int[] prompt = {3, 9, 3};
    SamplingParameters penalties =
        new SamplingParameters(0, 0, 1, 0, 0.5f, 0, 1.1f, 0, 0, Map.of());
    try (Engine engine = roomy()) {
      Recorder recorder = new Recorder();
      engine.submit(engine.newSequence(), new GenerationRequest(prompt, penalties, 60), recorder);
      int[] tokens = recorder.tokens();
      Map<Integer, Integer> expected = new HashMap<>(Map.of(3, 0, 9, 0));
      for (int token : Arrays.copyOf(tokens, 59)) {
        expected.merge(token, 1, Integer::sum);
      }
      assertThat(expected.values()).as("some token comes twice").anyMatch(count -> count > 1);
      assertThat(model.lastSeen()).isEqualTo(expected);
    }
  }

  @Test
  void longPromptsTakeTurns() {
    // Two prompts of 200 tokens, 64 a step at first: neither waits for the other to end.
    CompletableFuture<Void> submitted = new CompletableFuture<>();
    model.beforeStep(flag -> submitted.join());
    List<String> order = new ArrayList<>();
    try (Engine engine = roomy()) {
      List<Recorder> recorders = new ArrayList<>();
      for (String name : List.of("a", "b")) {
        Recorder recorder =
            new Recorder() {
              @Override
              public void onPrefill(int processed, int total, int cached) {
                super.onPrefill(processed, total, cached);
                order.add(name);
              }
            };
        recorders.add(recorder);
        int[] prompt = tokens(200, name.charAt(0));
        engine.submit(engine.newSequence(), new GenerationRequest(prompt, GREEDY, 2), recorder);
      }
      submitted.complete(null);
      recorders.forEach(Recorder::end);
    }
    // From b's first turn on, nobody has two in a row (its first call is before it computes).
    assertThat(String.join("", order)).containsPattern("^a+bb?(ab)+a?b?$");
    assertThat(model.largestStep()).isLessThanOrEqualTo(ROOMY.maxBatchTokens());
  }

  @Test
  void longPromptsDoNotHoldAnswersUp() {
    List<String> order = new ArrayList<>();
    CompletableFuture<Void> submitted = new CompletableFuture<>();
    try (Engine engine = roomy()) {
      Recorder answer =
          new Recorder() {
            @Override
            public void onToken(int token, float logprob, TopLogprobs top) {
              super.onToken(token, logprob, top);
              submitted.join();
              order.add("t");
            }
          };
      Recorder prompt =
          new Recorder() {
            @Override
            public void onPrefill(int processed, int total, int cached) {
              super.onPrefill(processed, total, cached);
              order.add("p");
            }
          };
      engine.submit(
          engine.newSequence(), new GenerationRequest(tokens(5, 13), GREEDY, 100), answer);
      engine.submit(
          engine.newSequence(), new GenerationRequest(tokens(240, 14), GREEDY, 1), prompt);
      submitted.complete(null);
      answer.end();
      prompt.end();
    }
    // One token comes with each piece of the prompt.
    assertThat(String.join("", order)).containsPattern("^t*p(tp){3,}t+$");
  }
}
