package dev.qwq.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class BenchCommandTest {
  @Test
  void measuresAndSaysHowItGoes() throws IOException {
    Cli cli = Cli.run("bench", "-p", 40, "-n", 8, "-t", 1, "-r", 2, "--json");
    JsonNode result = cli.json();
    assertThat(Cli.names(result))
        .containsExactly("prefill", "decode", "bytes_per_token", "load_seconds", "peak_rss_bytes");
    for (String what : List.of("prefill", "decode")) {
      JsonNode speed = result.get(what);
      assertThat(Cli.names(speed)).containsExactly("median", "min", "max");
      double min = speed.get("min").doubleValue();
      assertThat(min).isPositive();
      assertThat(speed.get("median").doubleValue()).isGreaterThanOrEqualTo(min);
      assertThat(speed.get("max").doubleValue())
          .isGreaterThanOrEqualTo(speed.get("median").doubleValue());
    }
    // The embedding matrix is the output matrix too: all weights are read.
    assertThat(result.get("bytes_per_token").longValue()).isEqualTo(10_105_344);
    assertThat(result.get("peak_rss_bytes").longValue()).isGreaterThan(10_105_344);
    assertThat(cli.err()).contains("warm-up: prefill", "run 1/2: decode", "run 2/2");
  }

  @Test
  void printsForPeopleToo() {
    Cli cli = Cli.run("bench", "-p", 4, "-n", 2, "-r", 1);
    assertThat(cli.status()).isZero();
    assertThat(cli.out()).contains("prefill", "decode", "tokens/s", "peak memory");
  }

  @Test
  void takesMedians() {
    assertThat(Bench.spread(new double[] {3, 1, 2}))
        .containsEntry("median", 2.0)
        .containsEntry("min", 1.0)
        .containsEntry("max", 3.0);
    assertThat(Bench.spread(new double[] {4, 1})).containsEntry("median", 2.5);
  }

  @Test
  void wrongNumbersAreWrongUse() {
    for (String option : List.of("-p", "-n", "-r", "-t")) {
      assertThat(Cli.run("bench", option, 0).status()).as(option).isEqualTo(2);
    }
  }
}
