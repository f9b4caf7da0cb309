package dev.qwq.engine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** A random conversation of several turns, the same for the same seed. */
final class Conversation {
  /**
   * What a turn asks.
   *
   * @param user tokens added by the user
   * @param forget how many tokens of the history's end are dropped first, as old thinking is
   */
  private record Turn(int[] user, int forget, SamplingParameters sampling, int maxTokens) {}

  private final List<Turn> turns = new ArrayList<>();

  Conversation(long seed, int vocabSize, int turnCount, int maxUserTokens, int maxAnswer) {
    Random random = new Random(seed);
    for (int i = 0; i < turnCount; i++) {
      int[] user = random.ints(1 + random.nextInt(maxUserTokens), 0, vocabSize).toArray();
      int forget = random.nextInt(3) == 0 ? random.nextInt(maxAnswer) : 0;
      turns.add(new Turn(user, forget, sampling(random), 1 + random.nextInt(maxAnswer)));
    }
  }

  private static SamplingParameters sampling(Random random) {
    boolean greedy = random.nextBoolean();
    boolean penalties = random.nextInt(3) == 0;
    return new SamplingParameters(
        greedy ? 0 : 0.5f + random.nextFloat(),
        random.nextInt(2) * 20,
        random.nextBoolean() ? 1 : 0.9f,
        0,
        penalties ? random.nextFloat() : 0,
        penalties ? random.nextFloat() : 0,
        penalties && random.nextBoolean() ? 1.1f : 1,
        random.nextLong(),
        0,
        random.nextInt(4) == 0 ? Map.of(3, 2f, 5, Float.NEGATIVE_INFINITY) : Map.of());
  }

  /** Holds the conversation and returns the answer of each turn. */
  List<int[]> run(Engine engine) {
    List<int[]> answers = new ArrayList<>();
    int[] history = {};
    try (KvSequence sequence = engine.newSequence()) {
      for (Turn turn : turns) {
        int kept = Math.max(0, history.length - turn.forget());
        int[] prompt = concat(Arrays.copyOf(history, kept), turn.user());
        Recorder recorder = new Recorder();
        engine.submit(
            sequence,
            new GenerationRequest(prompt, turn.sampling(), turn.maxTokens(), 7),
            recorder);
        if (recorder.end().failure() != null) {
          throw new AssertionError("a generation failed", recorder.end().failure());
        }
        answers.add(recorder.tokens());
        history = concat(prompt, recorder.tokens());
      }
    }
    return answers;
  }

  static int[] concat(int[] first, int[] second) {
    int[] both = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }
}
