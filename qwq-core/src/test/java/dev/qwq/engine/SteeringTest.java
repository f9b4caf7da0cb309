package dev.qwq.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import dev.qwq.engine.GenerationEnd.Reason;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Generations that are steered, over the simulated model. */
class SteeringTest {
  private static final EngineInfo ROOMY = SimulatedModel.info(256, 400, 64, 16);
  private static final SamplingParameters GREEDY = SamplingParameters.greedy();
  private static final SamplingParameters SAMPLED =
      new SamplingParameters(1, 0, 1, 0, 0, 0, 1, 4711, 0, Map.of());

  private final SimulatedModel model = new SimulatedModel(ROOMY);
  private final AtomicInteger steps = new AtomicInteger();

  private Engine roomy() {
    model.beforeStep(flag -> steps.incrementAndGet());
    return Engine.over(model, ROOMY, () -> {});
  }

  private static int[] tokens(int count, long seed) {
    return new Random(seed).ints(count, 0, ROOMY.vocabSize()).toArray();
  }

  private static GenerationRequest request(
      int[] prompt, SamplingParameters sampling, int maxTokens, Steering steering, int... stops) {
    return new GenerationRequest(prompt, sampling, maxTokens, stops, null, steering);
  }

  private static Recorder run(Engine engine, GenerationRequest request) {
    try (KvSequence sequence = engine.newSequence()) {
      Recorder recorder = new Recorder();
      engine.submit(sequence, request, recorder);
      recorder.end();
      return recorder;
    }
  }

  /** What must come: forced tokens where they are forced, and the model's hash everywhere else. */
  private static int[] expected(int[] prompt, int count, int at, int[] forced, long seed) {
    int[] tokens = new int[count];
    long state = SimulatedModel.promptState(prompt, prompt.length - 1);
    for (int i = 0; i < count; i++) {
      boolean isForced = i >= at && i < at + forced.length;
      long key = SimulatedModel.mix(SimulatedModel.mix(state + seed) + i);
      tokens[i] =
          isForced
              ? forced[i - at]
              : (int) Long.remainderUnsigned(SimulatedModel.mix(key), ROOMY.vocabSize());
      state = SimulatedModel.mix(state * 31 + tokens[i] * 2L + TokenRole.GENERATED.nativeValue());
    }
    return tokens;
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 5, 19})
  void forcedTokensTakeTheirPlaceInTheSequence(int at) {
    int[] prompt = tokens(9, 1);
    int[] forced = tokens(7, 2);
    try (Engine engine = roomy()) {
      ForcingSteering steering = new ForcingSteering(at, forced);
      Recorder recorder = run(engine, request(prompt, SAMPLED, 30, steering));
      int[] expected = expected(prompt, 30, at, forced, 4711);
      assertThat(recorder.tokens()).isEqualTo(expected);
      assertThat(recorder.end().generatedTokens()).isEqualTo(30);
      assertThat(recorder.end().forcedTokens()).isEqualTo(7);
      // Each step draws one token; the prompt's draws none if the first token is forced, so that
      // the forced ones always cost one step together.
      assertThat(steps.get()).isEqualTo(at == 0 ? 24 : 23);
      List<String> heard = new ArrayList<>(List.of("first"));
      for (int i = 0; i < 29; i++) { // the limit ends the generation at the last
        heard.add((i >= at && i < at + 7 ? "forced " : "drawn ") + expected[i]);
      }
      assertThat(steering.heard()).isEqualTo(heard);
    }
  }

  @Test
  void forcedTokensHaveNoProbability() {
    List<Float> logprobs = new ArrayList<>();
    SamplingParameters top = new SamplingParameters(0, 0, 1, 0, 0, 0, 1, 0, 3, Map.of());
    try (Engine engine = roomy()) {
      Recorder recorder =
          new Recorder() {
            @Override
            public void onToken(int token, float logprob, TopLogprobs top) {
              super.onToken(token, logprob, top);
              logprobs.add(logprob);
            }
          };
      engine.submit(
          engine.newSequence(),
          request(tokens(5, 3), top, 6, new ForcingSteering(2, 1, 2)),
          recorder);
      assertThat(recorder.tops().stream().map(t -> t.tokens().length))
          .containsExactly(3, 3, 0, 0, 3, 3);
      assertThat(logprobs.stream().map(value -> value.isNaN()))
          .containsExactly(false, false, true, true, false, false);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void preemptionChangesNothing(long seed) {
    // 14 blocks of 8 tokens: three of these conversations at most fit side by side.
    EngineInfo small = SimulatedModel.info(108, 14, 24, 8);
    Random random = new Random(seed);
    SimulatedModel model = new SimulatedModel(small);
    // All are there before the first computes: else they might come and go one by one.
    CompletableFuture<Void> submitted = new CompletableFuture<>();
    model.beforeStep(flag -> submitted.join());
    try (Engine engine = Engine.over(model, small, () -> {})) {
      List<Recorder> recorders = new ArrayList<>();
      List<int[]> expected = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        int[] prompt = tokens(1 + random.nextInt(20), random.nextLong());
        int[] forced = tokens(1 + random.nextInt(30), random.nextLong());
        int at = random.nextInt(20);
        expected.add(expected(prompt, 60, at, forced, 4711));
        recorders.add(new Recorder());
        engine.submit(
            engine.newSequence(),
            request(prompt, SAMPLED, 60, new ForcingSteering(at, forced)),
            recorders.get(i));
      }
      submitted.complete(null);
      for (int i = 0; i < 20; i++) {
        assertThat(recorders.get(i).tokens()).as("%d, seed %d", i, seed).isEqualTo(expected.get(i));
      }
      assertThat(Stress.get(engine.load()).preemptions()).isPositive();
    }
  }

  @Test
  void aStepThatIsRepeatedForcesOnce() {
    int[] prompt = tokens(9, 4);
    int[] forced = tokens(5, 5);
    for (int at : new int[] {0, 3}) {
      SimulatedModel interrupted = new SimulatedModel(ROOMY);
      AtomicReference<@Nullable Generation> victim = new AtomicReference<>();
      CompletableFuture<Void> submitted = new CompletableFuture<>();
      AtomicInteger step = new AtomicInteger();
      // A neighbour is cancelled during their first step, or the one that computes forced tokens.
      // Before them a generation has a step of its own, which waits until both are there.
      interrupted.beforeStep(
          flag -> {
            submitted.join();
            Generation generation = victim.get();
            if (step.getAndIncrement() == at + 1 && generation != null) {
              generation.cancel();
              assertThat(SimulatedModel.isRaised(flag)).isTrue();
            }
          });
      try (Engine engine = Engine.over(interrupted, ROOMY, () -> {})) {
        ForcingSteering steering = new ForcingSteering(at, forced);
        Recorder steered = new Recorder();
        Recorder neighbour = new Recorder();
        engine.submit(
            engine.newSequence(),
            new GenerationRequest(tokens(9, 7), GREEDY, 1),
            new Recorder() {
              @Override
              public void onPrefill(int processed, int total, int cached) {
                submitted.join();
              }
            });
        engine.submit(engine.newSequence(), request(prompt, SAMPLED, 20, steering), steered);
        victim.set(
            engine.submit(
                engine.newSequence(), new GenerationRequest(tokens(9, 6), GREEDY, 20), neighbour));
        submitted.complete(null);
        assertThat(neighbour.reason()).isEqualTo(Reason.CANCELLED);
        assertThat(steered.tokens()).isEqualTo(expected(prompt, 20, at, forced, 4711));
        assertThat(steering.heard()).hasSize(20).containsOnlyOnce("first");
      }
    }
  }

  @Test
  void cancelInTheMidstOfForcedTokensKeepsThem() {
    int[] prompt = tokens(9, 6);
    int[] forced = tokens(150, 7); // three steps of at most 64
    AtomicReference<@Nullable Generation> generation = new AtomicReference<>();
    CompletableFuture<Void> submitted = new CompletableFuture<>();
    model.beforeStep(
        flag -> {
          submitted.join();
          Generation running = generation.get();
          if (steps.incrementAndGet() == 4 && running != null) { // one of the forced
            running.cancel();
          }
        });
    try (Engine engine = Engine.over(model, ROOMY, () -> {});
        KvSequence sequence = engine.newSequence()) {
      Recorder recorder = new Recorder();
      generation.set(
          engine.submit(
              sequence, request(prompt, SAMPLED, 200, new ForcingSteering(2, forced)), recorder));
      submitted.complete(null);
      assertThat(recorder.reason()).isEqualTo(Reason.CANCELLED);
      assertThat(recorder.tokens()).isEqualTo(expected(prompt, 152, 2, forced, 4711));
      // The next turn computes the rest and goes on as if nothing had happened.
      Recorder next = new Recorder();
      int[] all = Conversation.concat(prompt, recorder.tokens());
      engine.submit(sequence, new GenerationRequest(all, GREEDY, 1), next);
      assertThat(next.reason()).isEqualTo(Reason.LENGTH);
      assertThat(next.end().cachedTokens()).isBetween(prompt.length + 2, prompt.length + 140);
    }
  }

  @Test
  void limitsAndStopTokensCutForcedTokens() {
    int[] prompt = tokens(9, 8);
    int[] forced = {11, 22, 33, 44, 55};
    try (Engine engine = roomy()) {
      Recorder limited = run(engine, request(prompt, SAMPLED, 4, new ForcingSteering(2, forced)));
      assertThat(limited.reason()).isEqualTo(Reason.LENGTH);
      assertThat(limited.tokens()).isEqualTo(expected(prompt, 4, 2, forced, 4711));

      Recorder stopped =
          run(engine, request(prompt, SAMPLED, 9, new ForcingSteering(0, forced), 33));
      assertThat(stopped.reason()).isEqualTo(Reason.STOP);
      assertThat(stopped.tokens()).containsExactly(11, 22, 33);

      int[] long1 = tokens(250, 9);
      Recorder full = run(engine, request(long1, SAMPLED, 99, new ForcingSteering(3, forced)));
      assertThat(full.reason()).isEqualTo(Reason.LENGTH);
      assertThat(full.tokens()).isEqualTo(expected(long1, 6, 3, forced, 4711));
    }
  }

  @Test
  void masksAndPenaltiesSeeForcedTokens() {
    List<Integer> passed = new ArrayList<>();
    TokenMask mask =
        new TokenMask() {
          @Override
          public int @Nullable [] allowed() {
            return null;
          }

          @Override
          public TokenMask after(int token) {
            passed.add(token);
            return this;
          }
        };
    SamplingParameters penalties = new SamplingParameters(0, 0, 1, 0, 0.5f, 0, 1, 0, 0, Map.of());
    try (Engine engine = roomy()) {
      Recorder recorder =
          run(
              engine,
              new GenerationRequest(
                  new int[] {3, 9},
                  penalties,
                  20,
                  new int[0],
                  mask,
                  new ForcingSteering(4, 7, 7, 7, 8)));
      int[] tokens = recorder.tokens();
      assertThat(passed).containsExactlyElementsOf(IntStream.of(tokens).boxed().toList());
      assertThat(model.lastSeen()).isEqualTo(counts(new int[0], Arrays.copyOf(tokens, 19)));
      assertThat(model.lastSeen().get(7)).isGreaterThanOrEqualTo(3);
    }
  }

  private static Map<Integer, Integer> counts(int[] prompt, int[] generated) {
    Map<Integer, Integer> counts = new HashMap<>();
    IntStream.of(prompt).forEach(token -> counts.put(token, 0));
    IntStream.of(generated).forEach(token -> counts.merge(token, 1, Integer::sum));
    return counts;
  }

  /** Changes the sampling after five tokens. */
  private record Changing(AtomicInteger count, SamplingParameters to) implements Steering {
    @Override
    public void after(int token, boolean forced, Control control) {
      if (count.incrementAndGet() == 5) {
        control.sampling(to);
        assertThat(control.sampling()).isEqualTo(to);
      }
    }
  }

  @Test
  void penaltiesThatComeInLateSeeAllThatWasGenerated() {
    int[] prompt = {3, 9, 3};
    SamplingParameters presence = new SamplingParameters(0, 0, 1, 0, 1.5f, 0, 1, 0, 0, Map.of());
    SamplingParameters repetition =
        new SamplingParameters(0, 0, 1, 0, 0, 0, 1.1f, 0, 0, Map.of(4, 2f));
    try (Engine engine = roomy()) {
      Recorder plain = run(engine, new GenerationRequest(prompt, GREEDY, 20));
      for (SamplingParameters from : List.of(GREEDY, presence)) {
        for (SamplingParameters to : List.of(presence, repetition)) {
          Changing steering = new Changing(new AtomicInteger(), to);
          int[] tokens = run(engine, request(prompt, from, 20, steering)).tokens();
          assertThat(model.lastSeen())
              .isEqualTo(
                  counts(to.equals(repetition) ? prompt : new int[0], Arrays.copyOf(tokens, 19)));
          if (from.equals(GREEDY)) {
            assertThat(Arrays.copyOf(tokens, 5)).isEqualTo(Arrays.copyOf(plain.tokens(), 5));
          }
        }
      }
    }
  }

  @Test
  void endsWhereItSays() {
    int[] prompt = tokens(9, 10);
    try (Engine engine = roomy()) {
      Steering atThree =
          new Steering() {
            private int count;

            @Override
            public void after(int token, boolean forced, Control control) {
              if (++count == 3) {
                control.force(1, 2, 3); // dropped
                control.end(Reason.REPETITION);
              }
            }
          };
      Recorder three = run(engine, request(prompt, SAMPLED, 20, atThree));
      assertThat(three.reason()).isEqualTo(Reason.REPETITION);
      assertThat(three.tokens()).hasSize(3);

      Steering atOnce =
          new Steering() {
            @Override
            public void beforeFirst(Control control) {
              control.end(Reason.CANCELLED);
            }

            @Override
            public void after(int token, boolean forced, Control control) {
              throw new AssertionError("a token after the end");
            }
          };
      Recorder none = run(engine, request(prompt, SAMPLED, 20, atOnce));
      assertThat(none.reason()).isEqualTo(Reason.CANCELLED);
      assertThat(none.tokens()).isEmpty();
    }
  }

  @Test
  void aSteeringThatFailsHurtsNobodyElse() {
    int[] prompt = tokens(9, 11);
    try (Engine engine = roomy()) {
      Recorder good = new Recorder();
      engine.submit(engine.newSequence(), new GenerationRequest(prompt, SAMPLED, 20), good);
      Recorder badToken =
          run(engine, request(prompt, SAMPLED, 20, new ForcingSteering(3, ROOMY.vocabSize())));
      Recorder atFirst = run(engine, request(prompt, SAMPLED, 20, new ForcingSteering(0, -1)));
      Recorder badEnd =
          run(
              engine,
              request(prompt, SAMPLED, 20, (token, forced, control) -> control.end(Reason.FAILED)));
      for (Recorder failed : List.of(badToken, atFirst, badEnd)) {
        assertThat(failed.reason()).isEqualTo(Reason.FAILED);
      }
      assertThat(badToken.end().failure())
          .hasMessageContaining("forced tokens")
          .isInstanceOfSatisfying(
              QwqException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ARGUMENT));
      assertThat(badToken.tokens()).hasSize(3);
      assertThat(atFirst.tokens()).isEmpty();
      assertThat(good.tokens()).isEqualTo(expected(prompt, 20, 99, new int[0], 4711));
    }
  }
}
