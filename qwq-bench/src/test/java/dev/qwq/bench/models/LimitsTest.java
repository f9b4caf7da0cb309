package dev.qwq.bench.models;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;

class LimitsTest {
  @Test
  void takesTheFastestOfThoseThatSharesReferTo() throws IOException {
    Limits limits =
        Limits.parse(
            """
            {"limits": {"read_gb_s": {"normal": 20, "huge": 25, "file": 22}, "arithmetic": [
              {"name": "a", "reference": true, "gop_s": {"median": 100}},
              {"name": "b", "reference": true, "gop_s": {"median": 300}},
              {"name": "c", "reference": false, "gop_s": {"median": 900}}]}}
            """);

    assertThat(limits).isEqualTo(new Limits(20e9, 22e9, 25e9, "b", 300e9));
  }
}
