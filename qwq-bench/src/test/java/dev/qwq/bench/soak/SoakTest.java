package dev.qwq.bench.soak;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qwq.ModelMetrics;
import dev.qwq.bench.TinyModel;
import dev.qwq.bench.soak.Tally.Event;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A thousand conversations of three turns over one model, disturbed in every way there is: each
 * says what it says alone, and nothing is left of them.
 */
class SoakTest {
  private static final long SEED = 20261126;
  private static final int CONVERSATIONS = 1000;

  @Test
  @Timeout(value = 15, unit = TimeUnit.MINUTES) // 106 s on a machine that is busy.
  void eachSaysWhatItSaysAloneAndNothingIsLeft() throws Exception {
    List<String> before = Soak.threads();
    try (TinyModel tiny = TinyModel.unpack()) {
      try (Soak soak = new Soak(tiny.folder(), SEED)) {
        soak.round(CONVERSATIONS, 0, () -> false);

        assertThat(soak.failures()).as("seed %d", SEED).isEmpty();
        assertThat(soak.leaks()).isEmpty();
        assertThat(soak.tally().count(Event.COMPLETED)).isGreaterThan(2L * CONVERSATIONS);
        Set<Event> never = EnumSet.allOf(Event.class);
        never.removeIf(event -> soak.tally().count(event) > 0);
        assertThat(never).as("what never happened").isEmpty();
        ModelMetrics metrics = soak.metrics();
        assertThat(metrics.cache().evictedTokens()).isPositive();
        assertThat(metrics.queue().preemptions()).isPositive();
        assertThat(metrics.cache().copiedTokens()).isPositive();
        assertThat(metrics.cache().sharedTokens()).isPositive();
        System.out.printf("seed %d: %s, %s%n", SEED, soak.tally(), metrics);
      }
    }
    List<String> left = Soak.threads();
    for (int i = 0; i < 100 && !before.containsAll(left); i++) {
      TimeUnit.MILLISECONDS.sleep(50); // Threads that were told to end.
      left = Soak.threads();
    }
    assertThat(before).as("threads").containsAll(left);
  }

  @Test
  void seesWhatGrows() {
    List<MemorySample> samples =
        List.of(
            new MemorySample(0, 100, 7, 0, -1),
            new MemorySample(60_000_000_000L, 150, 7, 0, -1),
            new MemorySample(120_000_000_000L, 180, 7, 0, -1));
    assertThat(MemorySample.slope(samples, MemorySample::resident)).isEqualTo(40);
    assertThat(MemorySample.slope(samples, MemorySample::heap)).isZero();
  }
}
