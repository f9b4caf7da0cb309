package dev.qwq.bench.peers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qwq.bench.Spread;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ComparisonTest {
  private final Comparison comparison =
      new Comparison(Path.of("m.gguf"), 2, List.of("own", "other"));

  @Test
  void ratiosAreOfMediansAndSayHowManyTimesBetterTheFirstIs() {
    for (double speed : new double[] {30, 10, 20}) {
      comparison.add("own", Map.of(Figure.DECODE, speed, Figure.OPEN, 1.0));
      comparison.add("other", Map.of(Figure.DECODE, speed / 4, Figure.OPEN, 3.0));
    }

    assertThat(comparison.spread("own", Figure.DECODE)).isEqualTo(new Spread(20, 10, 30));
    assertThat(comparison.ratio("other", Figure.DECODE)).isEqualTo(4.0);
    assertThat(comparison.ratio("other", Figure.OPEN)).isEqualTo(3.0);
    assertThat(comparison.ratio("own", Figure.OPEN)).isNull();
  }

  @Test
  void aFigureThatAnEngineDoesNotHaveIsLeftOpen() {
    comparison.add("own", Map.of(Figure.batch(16), 5.0));
    comparison.add("other", Map.of());

    assertThat(comparison.table())
        .contains("| decode 16 sequences, tokens/s | 5.00 (5.00 to 5.00) | -");
    assertThat(comparison.ratio("other", Figure.batch(16))).isNull();
  }
}
