package dev.qwq.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.text.Normalizer;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CanonicalOrderTest {
  @Test
  void keepsTheNormalForm() {
    long seed = 20_260_306;
    Random random = new Random(seed);
    int[] marks =
        java.util.stream.IntStream.rangeClosed(0x300, Character.MAX_CODE_POINT)
            .filter(c -> c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE)
            .filter(
                c ->
                    Character.getType(c) == Character.NON_SPACING_MARK
                        || Character.getType(c) == Character.COMBINING_SPACING_MARK)
            .toArray();
    for (int round = 0; round < 500; round++) {
      StringBuilder text = new StringBuilder("x");
      int variety = 1 + random.nextInt(marks.length);
      for (int i = random.nextInt(300); i >= 0; i--) {
        text.appendCodePoint(
            random.nextInt(100) == 0 ? "aex\u4E2D".charAt(i % 4) : marks[random.nextInt(variety)]);
      }
      String sorted = CanonicalOrder.sortLongRuns(text.toString());
      for (Normalizer.Form form :
          new Normalizer.Form[] {Normalizer.Form.NFC, Normalizer.Form.NFD}) {
        assertThat(Normalizer.normalize(sorted, form))
            .as("seed %d, round %d", seed, round)
            .isEqualTo(Normalizer.normalize(text, form));
      }
    }
  }

  @Test
  void leavesOrdinaryTextAlone() {
    String text = "e\u0301\u0323 \u0928\u093F \uD83D\uDE00";
    assertThat(CanonicalOrder.sortLongRuns(text)).isSameAs(text);
  }

  @Test
  void aMegabyteOfMarksIsNotQuadratic() {
    // Two alternating marks, half a million times: by insertion some 10^11 steps, minutes.
    String run = "a" + "\u0301\u0323".repeat(500_000);
    assertTimeoutPreemptively(
        Duration.ofSeconds(60),
        () -> {
          String normal =
              Normalizer.normalize(CanonicalOrder.sortLongRuns(run), Normalizer.Form.NFC);
          assertThat(normal).startsWith("\u1EA1"); // a with dot below, then 499,999 more
        });
  }
}
