package dev.qwq.bench.soak;

import dev.qwq.GenerationOptions;
import dev.qwq.Sampler;
import dev.qwq.SessionOptions;
import dev.qwq.ThinkingBudget;
import java.util.Random;

/**
 * What one conversation asks, turn by turn, and how replies are generated: the same for the same
 * seed and number.
 *
 * @param seed of the whole run
 * @param number of this script
 */
record Script(long seed, int number) {
  static final int TURNS = 3;

  /** Ways to ask in a turn: forks may take another one than their parent. */
  static final int WAYS = 2;

  private static final String SYSTEM =
      "You are careful. Count letters one by one, and add numbers digit by digit.";

  /** A third of the conversations begin with the same words. */
  SessionOptions session() {
    return number % 3 == 0
        ? SessionOptions.builder().systemPrompt(SYSTEM).build()
        : SessionOptions.defaults();
  }

  private Random random(int turn, int way) {
    return new Random(seed + 1_000_003L * number + 101L * turn + way);
  }

  String question(int turn, int way) {
    Random random = random(turn, way);
    int a = random.nextInt(900);
    int b = random.nextInt(90);
    return switch (random.nextInt(3)) {
      case 0 -> "What is %d + %d?".formatted(a, b);
      case 1 -> "How many %c's are in the word \"settlement\"?".formatted('a' + a % 26);
      default -> "What is %d times %d?".formatted(a, b);
    };
  }

  /** All that decides what the reply is. */
  GenerationOptions options(int turn, int way) {
    Random random = random(turn, way);
    random.nextInt();
    Sampler.Builder sampler = Sampler.builder().seed(random.nextLong());
    if (random.nextInt(3) == 0) {
      sampler.temperature(0);
    } else {
      sampler.temperature(0.5f + random.nextFloat()).topP(0.95f).topK(40);
    }
    if (random.nextInt(3) == 0) {
      sampler.presencePenalty(0.5f).frequencyPenalty(0.1f).repetitionPenalty(1.05f);
    }
    GenerationOptions.Builder options =
        GenerationOptions.builder().sampler(sampler.build()).maxTokens(8 + random.nextInt(40));
    switch (random.nextInt(6)) {
      case 0 -> options.thinking(false);
      case 1 -> options.thinkingBudget(ThinkingBudget.ofTokens(4 + random.nextInt(12)));
      case 2 ->
          options.thinkingBudget(
              ThinkingBudget.ofTokens(4 + random.nextInt(12)).withNudge("Enough."));
      default -> {}
    }
    return options.build();
  }
}
