package dev.qwq.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.qwq.examples.Golden;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PerplexityCommandTest {
  @TempDir Path folder;

  private int[] tokens = {};
  private Path file = Path.of("");

  @BeforeEach
  void writeStrawberry() throws IOException {
    Golden.Case golden = Golden.strawberry();
    tokens =
        IntStream.concat(Arrays.stream(golden.promptTokens()), Arrays.stream(golden.tokens()))
            .toArray();
    file = folder.resolve("ids.json");
    Files.writeString(file, Arrays.toString(tokens));
  }

  @Test
  void givesTheLogitsOfTransformers() throws IOException {
    Cli cli =
        Cli.run(
            "perplexity",
            "--tokens-file",
            file,
            "--logits-at",
            "115,0,3,25",
            "--backend",
            "reference",
            "--json");
    JsonNode logits = cli.json().get("logits");
    assertThat(Cli.names(logits)).containsExactlyInAnyOrder("0", "3", "25", "115");
    Golden.logits()
        .properties()
        .forEach(
            row -> {
              assertThat(logits.get(row.getKey())).hasSize(row.getValue().size());
              for (int i = 0; i < row.getValue().size(); i++) {
                // The golden logits are rounded to 1e-4 and computed in float32.
                assertThat(logits.get(row.getKey()).get(i).doubleValue())
                    .isCloseTo(row.getValue().get(i).doubleValue(), within(2e-3));
              }
            });
  }

  @Test
  void theMeanFollowsFromTheLogits() throws IOException {
    String all =
        IntStream.range(0, tokens.length)
            .mapToObj(Integer::toString)
            .collect(Collectors.joining(","));
    JsonNode result =
        Cli.run("perplexity", "--tokens-file", file, "--logits-at", all, "--json").json();
    assertThat(Cli.names(result)).containsExactly("mean_nll", "tokens", "logits");
    double sum = 0;
    for (int i = 0; i + 1 < tokens.length; i++) {
      JsonNode row = result.get("logits").get(Integer.toString(i));
      double exponentials = 0;
      for (JsonNode logit : row) {
        exponentials += Math.exp(logit.doubleValue());
      }
      sum += Math.log(exponentials) - row.get(tokens[i + 1]).doubleValue();
    }
    assertThat(result.get("tokens").intValue()).isEqualTo(tokens.length);
    // Each log-probability is a float of magnitude below 16: half an ulp is under 1e-6.
    assertThat(result.get("mean_nll").doubleValue())
        .isCloseTo(sum / (tokens.length - 1), within(1e-5));
  }

  @Test
  void readsATextToo() throws IOException {
    Path text = folder.resolve("text");
    Files.writeString(text, Golden.strawberry().promptText());
    JsonNode result = Cli.run("perplexity", "--file", text, "--json").json();
    assertThat(result.get("tokens").intValue())
        .isEqualTo(Golden.strawberry().promptTokens().length);
    assertThat(result.get("logits")).isEmpty();
    Cli plain = Cli.run("perplexity", "--file", text);
    assertThat(plain.status()).isZero();
    assertThat(plain.out()).startsWith("perplexity ");
  }

  @Test
  void oneTokenPredictsNothing() throws IOException {
    Files.writeString(file, "[5]");
    JsonNode result =
        Cli.run("perplexity", "--tokens-file", file, "--logits-at", 0, "--json").json();
    assertThat(result.get("mean_nll").isNull()).isTrue();
    assertThat(result.get("logits").get("0")).hasSize(1280);
  }

  @Test
  void saysWhatIsWrong() throws IOException {
    assertThat(Cli.run("perplexity", "--tokens-file", file, "--logits-at", tokens.length).status())
        .isEqualTo(2);
    assertThat(Cli.run("perplexity").status()).isEqualTo(2);
    for (String content : new String[] {"", "{}", "[1, \"a\"]", "[1", "[]", "[1, 5000]", "null"}) {
      Files.writeString(file, content);
      Cli cli = Cli.run("perplexity", "--json", "--tokens-file", file);
      assertThat(cli.status()).as("%s: %s", content, cli.err()).isEqualTo(1);
      assertThat(cli.out()).isEmpty();
      assertThat(cli.err().strip().lines()).hasSize(1);
      assertThat(cli.err()).contains("expected", "found").doesNotContain("internal error");
    }
  }
}
