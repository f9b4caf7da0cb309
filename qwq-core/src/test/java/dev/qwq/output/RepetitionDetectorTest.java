package dev.qwq.output;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RepetitionDetectorTest {
  private static RepetitionDetector usual() {
    return new RepetitionDetector(512, 4, 512);
  }

  private static int[] random(Random random, int length, int vocabulary) {
    return random.ints(length, 0, vocabulary).toArray();
  }

  /** Number of the token at which a loop was found, counted from 1; 0 if none was. */
  private static int foundAt(RepetitionDetector detector, int[] prefix, int[] span, int tokens) {
    for (int token : prefix) {
      assertThat(detector.accept(token)).isZero();
    }
    for (int i = 0; i < tokens; i++) {
      if (detector.accept(span[i % span.length]) != 0) {
        return i + 1;
      }
    }
    return 0;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 16, 50, 127, 128, 129, 200, 300, 511, 512})
  void findsALoopOfAnyPeriodBehindAnything(int period) {
    Random random = new Random(period);
    for (int round = 0; round < 20; round++) {
      int[] prefix = random(random, random.nextInt(3000), 1000);
      int[] span = random(random, period, 150_000);
      RepetitionDetector detector = usual();
      int required = Math.max(512, 4 * period);
      // The prefix may end as the span does, by chance: that is one token, seldom more.
      assertThat(foundAt(detector, prefix, span, 2 * required))
          .as("period %d, round %d", period, round)
          .isBetween(required - 2, required);
      assertThat(detector.repeats(period)).isEqualTo(required / period);
    }
  }

  @Test
  void longerSpansAreNotLookedFor() {
    int[] span = random(new Random(1), 513, 1000);
    assertThat(foundAt(usual(), new int[0], span, 513 * 8)).isZero();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void agreesWithTheDefinition(long seed) {
    // Few different tokens: spans that hold repetitions themselves, and false starts.
    Random random = new Random(seed);
    int loops = 0;
    for (int round = 0; round < 300; round++) {
      int minTokens = 4 + random.nextInt(30);
      int minRepeats = 2 + random.nextInt(4);
      int maxPeriod = 1 + random.nextInt(24);
      RepetitionDetector detector = new RepetitionDetector(minTokens, minRepeats, maxPeriod);
      List<Integer> text = new ArrayList<>();
      int alphabet = 1 + random.nextInt(3);
      int[] span = random(random, 1 + random.nextInt(maxPeriod), alphabet);
      int prefix = random.nextInt(60);
      int due = 0;
      int found = 0;
      for (int i = 0; i < prefix + 200 && found == 0; i++) {
        text.add(i < prefix ? random.nextInt(alphabet) : span[(i - prefix) % span.length]);
        found = detector.accept(text.getLast());
        boolean loops1 =
            IntStream.rangeClosed(1, maxPeriod)
                .anyMatch(p -> repeats(text, p, Math.max(minTokens, minRepeats * p)));
        due = loops1 ? due + 1 : 0;
        if (found != 0) {
          assertThat(repeats(text, found, Math.max(minTokens, minRepeats * found)))
              .as("seed %d, round %d: period %d of %s", seed, round, found, text)
              .isTrue();
          loops++;
        }
        assertThat(due)
            .as("seed %d, round %d: not found in %s", seed, round, text)
            .isLessThanOrEqualTo(5 * maxPeriod);
      }
    }
    assertThat(loops).isGreaterThan(200);
  }

  private static boolean repeats(List<Integer> text, int period, int length) {
    int size = text.size();
    return size >= length
        && IntStream.range(size - length + period, size)
            .allMatch(i -> text.get(i).equals(text.get(i - period)));
  }

  @Test
  void aLoopThatGoesOnIsFoundOnce() {
    RepetitionDetector detector = usual();
    int[] span = random(new Random(2), 40, 1000);
    assertThat(foundAt(detector, new int[0], span, 1000)).isEqualTo(512);
    for (int i = 512; i < 5000; i++) {
      assertThat(detector.accept(span[i % 40])).isZero();
    }
    // Out of it, and into another.
    assertThat(foundAt(detector, new int[] {7, 8, 9}, new int[] {1, 2, 3}, 2000)).isEqualTo(512);
  }

  @Test
  void afterAResetALoopMustComeAgainInFull() {
    RepetitionDetector detector = usual();
    int[] span = random(new Random(3), 64, 1000);
    assertThat(foundAt(detector, new int[0], span, 512)).isEqualTo(512);
    detector.reset();
    assertThat(foundAt(detector, new int[0], span, 2000)).isEqualTo(512);
  }

  @Test
  void textsThatDifferInOneTokenARoundAreNoLoop() {
    RepetitionDetector detector = usual();
    int[] span = random(new Random(4), 30, 1000);
    for (int round = 0; round < 500; round++) {
      span[13] = 1000 + round; // a number in a list
      for (int token : span) {
        assertThat(detector.accept(token)).isZero();
      }
    }
  }

  @Test
  void longTextsTakeNoMoreMemoryNorTime() {
    // 3 million tokens, the position past every ring many times: still exact.
    RepetitionDetector detector = usual();
    Random random = new Random(5);
    for (int i = 0; i < 3_000_000; i++) {
      assertThatIsZero(detector.accept(random.nextInt(50_000)));
    }
    assertThat(foundAt(detector, new int[0], random(random, 77, 50_000), 2000)).isEqualTo(512);
  }

  private static void assertThatIsZero(int value) {
    if (value != 0) {
      throw new AssertionError("a loop of period " + value + " in random tokens");
    }
  }
}
