package dev.qwq.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qwq.engine.GenerationEnd.Reason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Guessing changes how fast a generation is, and nothing else. */
class SpeculationTest {
  private static final EngineInfo ROOMY = SimulatedModel.info(256, 400, 64, 16);

  private static final Drafter.Patience NOW = new Drafter.Patience(System.nanoTime(), () -> false);

  private static int[] tokens(int count, long seed) {
    return new Random(seed).ints(count, 0, ROOMY.vocabSize()).toArray();
  }

  /** The next token follows from the two before it: what was said before is said again. */
  private static SamplingParameters sampling(Random random) {
    boolean penalties = random.nextInt(3) == 0;
    return new SamplingParameters(
        random.nextBoolean() ? 0 : 1,
        0,
        1,
        0,
        penalties ? 0.5f : 0,
        penalties ? 0.1f : 0,
        penalties && random.nextBoolean() ? 1.1f : 1,
        random.nextLong(),
        random.nextInt(3),
        random.nextInt(4) == 0 ? Map.of(3, 2f) : Map.of());
  }

  /** Guesses what the model will say, as often as a seed says so; else something else. */
  private static Speculation oracle(int[] whole, int promptLength, double right, long seed) {
    return new Speculation(
        request ->
            new Drafter() {
              private final Random random = new Random(seed);

              @Override
              public void begin(TokenHistory history, int draw, int most) {
                assertThat(draw).isEqualTo(history.size() - promptLength);
              }

              @Override
              public int finish(TokenHistory history, int[] into, int most, Patience patience) {
                int at = history.size() - promptLength;
                int count = Math.min(random.nextInt(most + 1), whole.length - at);
                for (int i = 0; i < count; i++) {
                  boolean good = random.nextDouble() < right;
                  into[i] = good ? whole[at + i] : random.nextInt(ROOMY.vocabSize());
                }
                return count;
              }
            });
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void saysTheSameHoweverGoodTheGuesses(long seed) {
    Random random = new Random(seed);
    // Little memory: generations are interrupted, and go on, with guesses in flight.
    EngineInfo small = SimulatedModel.info(120, 30, 40, 6);
    SimulatedModel model = new SimulatedModel(small);
    try (Engine plain = Engine.over(new SimulatedModel(ROOMY), ROOMY, () -> {});
        Engine engine = Engine.over(model, small, () -> {})) {
      List<Recorder> expected = new ArrayList<>();
      List<Recorder> found = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        int[] prompt = tokens(1 + random.nextInt(40), random.nextLong());
        int[] mask = new int[Math.ceilDiv(ROOMY.vocabSize(), 32)];
        Arrays.fill(mask, random.nextInt() | 0x10101010);
        GenerationRequest request =
            new GenerationRequest(
                prompt,
                sampling(random),
                1 + random.nextInt(70),
                new int[] {7},
                random.nextInt(3) == 0 ? Masks.at(0, n -> n % 3 == 0 ? null : mask) : null);
        Recorder alone = new Recorder();
        plain.submit(plain.newSequence(), request, alone);
        expected.add(alone);
        Recorder guessed = new Recorder();
        Speculation speculation =
            oracle(alone.tokens(), prompt.length, random.nextDouble(), random.nextLong());
        engine.submit(engine.newSequence(), request.speculating(speculation), guessed);
        found.add(guessed);
      }
      int accepted = 0;
      int rejected = 0;
      for (int i = 0; i < found.size(); i++) {
        GenerationEnd end = found.get(i).end();
        assertThat(end.failure()).isNull();
        assertThat(found.get(i).tokens())
            .as("%d, seed %d", i, seed)
            .isEqualTo(expected.get(i).tokens());
        assertThat(found.get(i).tops())
            .usingRecursiveComparison()
            .isEqualTo(expected.get(i).tops());
        assertThat(end.reason()).isEqualTo(expected.get(i).reason());
        accepted += end.acceptedTokens();
        rejected += end.draftedTokens() - end.acceptedTokens();
      }
      assertThat(accepted).isGreaterThan(100);
      assertThat(rejected).isGreaterThan(100);
    }
  }

  @Test
  void rightGuessesSaveSteps() {
    int[] prompt = tokens(10, 1);
    SimulatedModel plain = new SimulatedModel(ROOMY);
    GenerationRequest request = new GenerationRequest(prompt, SamplingParameters.greedy(), 90);
    Recorder alone = new Recorder();
    try (Engine engine = Engine.over(plain, ROOMY, () -> {})) {
      engine.submit(engine.newSequence(), request, alone);
      alone.end();
    }
    SimulatedModel model = new SimulatedModel(ROOMY);
    int[] steps = {0};
    model.beforeStep(flag -> steps[0]++);
    Speculation all =
        new Speculation(
            r ->
                (history, into, most, patience) -> {
                  int draw = history.size() - prompt.length;
                  int count = Math.min(most, 90 - draw);
                  System.arraycopy(alone.tokens(), draw, into, 0, count);
                  return count;
                });
    try (Engine engine = Engine.over(model, ROOMY, () -> {})) {
      Recorder guessed = new Recorder();
      engine.submit(engine.newSequence(), request.speculating(all), guessed);
      assertThat(guessed.tokens()).isEqualTo(alone.tokens());
      assertThat(guessed.end().acceptedTokens()).isEqualTo(guessed.end().draftedTokens());
    }
    // One for the prompt; then 4 guesses and the token behind them, then 8 and one.
    assertThat(steps[0]).isEqualTo(1 + 1 + Math.ceilDiv(90 - 1 - 5, 9));
  }

  @Test
  void theConversationGoesOnFromWhatWasAccepted() {
    int[] prompt = tokens(20, 2);
    GenerationRequest request = new GenerationRequest(prompt, SamplingParameters.greedy(), 30);
    try (Engine plain = Engine.over(new SimulatedModel(ROOMY), ROOMY, () -> {});
        Engine engine = Engine.over(new SimulatedModel(ROOMY), ROOMY, () -> {});
        KvSequence one = plain.newSequence();
        KvSequence two = engine.newSequence()) {
      Recorder first = new Recorder();
      plain.submit(one, request, first);
      Recorder guessed = new Recorder();
      engine.submit(
          two, request.speculating(oracle(first.tokens(), prompt.length, 0.6, 9)), guessed);
      assertThat(guessed.tokens()).isEqualTo(first.tokens());
      int[] next = Conversation.concat(Conversation.concat(prompt, first.tokens()), tokens(5, 3));
      Recorder onward = new Recorder();
      plain.submit(one, new GenerationRequest(next, SamplingParameters.greedy(), 10), onward);
      Recorder again = new Recorder();
      engine.submit(two, new GenerationRequest(next, SamplingParameters.greedy(), 10), again);
      assertThat(again.tokens()).isEqualTo(onward.tokens());
      assertThat(again.end().cachedTokens()).isGreaterThanOrEqualTo(prompt.length + 29);
    }
  }

  @Test
  void looksUpWhatFollowedBefore() {
    TokenHistory history = new TokenHistory();
    int[] text = {1, 2, 3, 4, 5, 6, 7, 1, 2, 3};
    history.append(text, 0, text.length, TokenRole.PROMPT);
    PromptLookup lookup = new PromptLookup();
    int[] into = new int[8];
    assertThat(lookup.finish(history, into, 4, NOW)).isEqualTo(4);
    assertThat(Arrays.copyOf(into, 4)).containsExactly(4, 5, 6, 7);
    history.append(9, TokenRole.GENERATED);
    assertThat(lookup.finish(history, into, 4, NOW)).isZero();
    // A loop is guessed beyond the end of what is known; the latest place counts.
    for (int i = 0; i < 2; i++) {
      history.append(2, TokenRole.GENERATED);
      history.append(3, TokenRole.GENERATED);
      history.append(9, TokenRole.GENERATED);
    }
    assertThat(lookup.finish(history, into, 8, NOW)).isEqualTo(8);
    assertThat(into).containsExactly(2, 3, 9, 2, 3, 9, 2, 3);
  }

  @Test
  void looksUpInLongTexts() {
    Random random = new Random(5);
    TokenHistory history = new TokenHistory();
    PromptLookup lookup = new PromptLookup();
    int[] into = new int[8];
    for (int i = 0; i < 20_000; i++) {
      history.append(random.nextInt(30), TokenRole.GENERATED);
      if (i % 7 == 0) {
        lookup.finish(history, into, 1, NOW);
      }
    }
    int[] all = Arrays.copyOf(history.array(), history.size());
    for (int i = 0; i < 500; i++) {
      int token = random.nextInt(30);
      history.append(token, TokenRole.GENERATED);
      all = Conversation.concat(all, new int[] {token});
      int expected = -1;
      for (int at = 3; at < all.length; at++) {
        if (Arrays.equals(all, at - 3, at, all, all.length - 3, all.length)) {
          expected = all[at];
        }
      }
      int count = lookup.finish(history, into, 1, NOW);
      assertThat(count == 0 ? -1 : into[0]).isEqualTo(expected);
    }
  }

  @Test
  void aDraftModelGuesses() {
    // The draft is the model itself: it guesses everything right, as it draws the same.
    SimulatedModel model = new SimulatedModel(ROOMY);
    model.beforeStep(flag -> sleep(2)); // The draft has the time to read the prompt.
    int[] prompt = tokens(30, 4);
    try (Engine draft = Engine.over(new SimulatedModel(ROOMY), ROOMY, () -> {});
        Engine engine = Engine.over(model, ROOMY, () -> {})) {
      for (float temperature : new float[] {0, 1}) {
        SamplingParameters sampling =
            new SamplingParameters(temperature, 0, 1, 0, 0.3f, 0, 1, 77, 0, Map.of());
        GenerationRequest request = new GenerationRequest(prompt, sampling, 60);
        Recorder alone = new Recorder();
        engine.submit(engine.newSequence(), request, alone);
        alone.end();
        Recorder guessed = new Recorder();
        engine.submit(
            engine.newSequence(), request.speculating(Speculation.draftModel(draft)), guessed);
        assertThat(guessed.tokens()).isEqualTo(alone.tokens());
        assertThat(guessed.end().draftedTokens()).isPositive();
        assertThat(guessed.end().acceptedTokens()).isEqualTo(guessed.end().draftedTokens());
      }
    }
  }

  @Test
  void aDraftModelThatFailsOnlyStopsGuessing() {
    EngineInfo tiny = SimulatedModel.info(40, 5, 16, 2);
    int[] prompt = tokens(30, 6);
    GenerationRequest request = new GenerationRequest(prompt, SamplingParameters.greedy(), 40);
    Engine draft = Engine.over(new SimulatedModel(tiny), tiny, () -> {});
    try (Engine engine = Engine.over(new SimulatedModel(ROOMY), ROOMY, () -> {})) {
      Recorder alone = new Recorder();
      engine.submit(engine.newSequence(), request, alone);
      Recorder guessed = new Recorder();
      engine.submit(
          engine.newSequence(), request.speculating(Speculation.draftModel(draft)), guessed);
      assertThat(guessed.tokens()).isEqualTo(alone.tokens());
      assertThat(guessed.reason()).isEqualTo(Reason.LENGTH);
      draft.close();
      Recorder without = new Recorder();
      engine.submit(
          engine.newSequence(), request.speculating(Speculation.draftModel(draft)), without);
      assertThat(without.tokens()).isEqualTo(alone.tokens());
    }
  }

  /** Guesses the whole reply, right. */
  private static Speculation right(int[] whole, int promptLength) {
    return new Speculation(
        request ->
            (history, into, most, patience) -> {
              int at = history.size() - promptLength;
              int count = Math.max(0, Math.min(most, whole.length - at));
              System.arraycopy(whole, at, into, 0, count);
              return count;
            });
  }

  private static int[] plain(GenerationRequest request) {
    try (Engine engine = Engine.over(new SimulatedModel(ROOMY), ROOMY, () -> {})) {
      Recorder recorder = new Recorder();
      engine.submit(engine.newSequence(), request, recorder);
      return recorder.tokens();
    }
  }

  @Test
  void aSteeringThatChangesOrForcesBehindARightGuessIsObeyed() {
    int[] prompt = tokens(12, 7);
    for (int at = 1; at <= 12; at++) {
      int change = at;
      Supplier<Steering> steering =
          () ->
              new Steering() {
                private int heard;

                @Override
                public void after(int token, boolean forced, Control control) {
                  heard++;
                  if (heard == change) {
                    SamplingParameters old = control.sampling();
                    control.sampling(
                        new SamplingParameters(
                            old.temperature(), 0, 1, 0, 0.7f, 0, 1, old.seed(), 0, Map.of()));
                  } else if (heard == change + 9) {
                    control.force(5, 6, 7);
                  }
                }
              };
      Supplier<GenerationRequest> request =
          () ->
              new GenerationRequest(
                  prompt,
                  new SamplingParameters(1, 0, 1, 0, 0, 0, 1, 9, 0, Map.of()),
                  40,
                  new int[0],
                  null,
                  steering.get());
      int[] expected = plain(request.get());
      try (Engine engine = Engine.over(new SimulatedModel(ROOMY), ROOMY, () -> {})) {
        Recorder guessed = new Recorder();
        engine.submit(
            engine.newSequence(),
            request.get().speculating(right(expected, prompt.length)),
            guessed);
        assertThat(guessed.tokens()).as("change at %d", at).isEqualTo(expected);
        assertThat(guessed.end().acceptedTokens()).isPositive();
      }
    }
  }

  @Test
  void aMaskThatFailsWhileGuessingEndsItsGenerationAlone() {
    int[] prompt = tokens(12, 8);
    GenerationRequest good = new GenerationRequest(prompt, SamplingParameters.greedy(), 30);
    int[] expected = plain(good);
    TokenMask throwing =
        Masks.at(
            0,
            n -> {
              if (n == 6) {
                throw new IllegalStateException("a mask");
              }
              return null;
            });
    TokenMask tooShort = Masks.at(0, n -> n == 6 ? new int[1] : null);
    try (Engine engine = Engine.over(new SimulatedModel(ROOMY), ROOMY, () -> {})) {
      for (TokenMask mask : List.of(throwing, tooShort)) {
        Recorder other = new Recorder();
        engine.submit(engine.newSequence(), good, other);
        Recorder failing = new Recorder();
        engine.submit(
            engine.newSequence(),
            new GenerationRequest(prompt, SamplingParameters.greedy(), 30, new int[0], mask)
                .speculating(right(expected, prompt.length)),
            failing);
        assertThat(failing.reason()).isEqualTo(Reason.FAILED);
        assertThat(other.tokens()).isEqualTo(expected);
      }
    }
  }

  @Test
  void nothingIsDrawnBehindAStopTokenOrAnUnknownOne() {
    int[] prompt = tokens(12, 9);
    int[] whole = plain(new GenerationRequest(prompt, SamplingParameters.greedy(), 30));
    int stop = whole[10];
    int end = IntStream.range(0, 11).filter(i -> whole[i] == stop).findFirst().orElseThrow();
    int[] nothing = new int[Math.ceilDiv(ROOMY.vocabSize(), 32)];
    // Behind the stop token nothing may come, and nobody asks.
    TokenMask mask = Masks.at(0, n -> n > end ? nothing : null);
    GenerationRequest request =
        new GenerationRequest(prompt, SamplingParameters.greedy(), 30, new int[] {stop}, mask);
    int[] wild = whole.clone();
    wild[3] = ROOMY.vocabSize() + 5;
    wild[5] = -1;
    try (Engine engine = Engine.over(new SimulatedModel(ROOMY), ROOMY, () -> {})) {
      for (int[] guesses : List.of(whole, wild)) {
        Recorder guessed = new Recorder();
        engine.submit(
            engine.newSequence(), request.speculating(right(guesses, prompt.length)), guessed);
        assertThat(guessed.reason()).isEqualTo(Reason.STOP);
        assertThat(guessed.tokens()).isEqualTo(Arrays.copyOf(whole, end + 1));
      }
    }
  }

  @Test
  void guessesTakeNobodysBlocks() {
    // Two contexts of five blocks in ten: full to the last token.
    EngineInfo full = SimulatedModel.info(40, 10, 32, 2);
    int[] prompt = tokens(10, 10);
    GenerationRequest request = new GenerationRequest(prompt, SamplingParameters.greedy(), 30);
    int[] whole = plain(request);
    try (Engine engine = Engine.over(new SimulatedModel(full), full, () -> {})) {
      List<Recorder> recorders = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        recorders.add(new Recorder());
        engine.submit(
            engine.newSequence(),
            request.speculating(right(whole, prompt.length)),
            recorders.get(i));
      }
      recorders.forEach(recorder -> assertThat(recorder.tokens()).isEqualTo(whole));
      assertThat(Stress.get(engine.load()).preemptions()).isZero();
    }
  }

  private static void sleep(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void aSlowDraftHoldsNobodyUp() {
    SimulatedModel slow = new SimulatedModel(ROOMY);
    slow.beforeStep(flag -> sleep(300));
    int[] prompt = tokens(20, 11);
    GenerationRequest request = new GenerationRequest(prompt, SamplingParameters.greedy(), 60);
    int[] whole = plain(request);
    try (Engine draft = Engine.over(slow, ROOMY, () -> {});
        Engine engine = Engine.over(new SimulatedModel(ROOMY), ROOMY, () -> {})) {
      List<Recorder> recorders = new ArrayList<>();
      long start = System.nanoTime();
      for (int i = 0; i < 4; i++) {
        recorders.add(new Recorder());
        engine.submit(
            engine.newSequence(),
            request.speculating(Speculation.draftModel(draft)),
            recorders.get(i));
      }
      recorders.forEach(recorder -> assertThat(recorder.tokens()).isEqualTo(whole));
      // A guess for each token would take 60 x 300 ms; pauses double after each that is too late.
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(9));
    }
  }
}
