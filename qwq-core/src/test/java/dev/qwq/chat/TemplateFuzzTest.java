package dev.qwq.chat;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.qwq.QwqException;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Damaged templates parse and render, or fail with an exception of ours; nothing else comes out.
 */
class TemplateFuzzTest {
  private static final int ROUNDS = 30_000;
  private static final ChatTemplate.Limits LIMITS =
      new ChatTemplate.Limits(Duration.ofSeconds(5), 20_000);
  private static final String[] PIECES = {
    "{{",
    "}}",
    "{%",
    "%}",
    "{#",
    "#}",
    "-",
    "|",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "'",
    "\"",
    "\\",
    ",",
    ".",
    ":",
    "~",
    "%",
    "*",
    "**",
    "//",
    "=",
    "==",
    "<",
    " in ",
    " is ",
    " not ",
    " if ",
    " else ",
    " and ",
    "for ",
    "endfor",
    "set ",
    "endset",
    "macro ",
    "endmacro",
    "raw",
    "endraw",
    "loop",
    "caller()",
    "messages",
    "tojson",
    "9",
    "-1",
    "0.5",
    "1e9",
    "none",
    "\n",
    " ",
    "\u0000",
    "\uD83D",
    "\u00e9",
    "|map(",
    "|sort",
    "[::-1]",
    "range(9)",
    "namespace(",
    "%s",
    "recursive"
  };

  @Test
  void mutatedTemplates() throws IOException {
    long seed = 20_261_127;
    Random random = new Random(seed);
    JsonNode golden;
    try (InputStream in =
        TemplateFuzzTest.class.getResourceAsStream("/dev/qwq/golden/templates.json")) {
      golden = new ObjectMapper().readTree(in);
    }
    List<String> corpus = new ArrayList<>();
    golden.get("cases").forEach(c -> corpus.add(c.get("template").textValue()));
    Map<String, ?> variables =
        new ObjectMapper()
            .convertValue(
                golden.get("variables"),
                new com.fasterxml.jackson.core.type.TypeReference<Map<String, Object>>() {});
    int parsed = 0;
    int rendered = 0;
    for (int round = 0; round < ROUNDS; round++) {
      String template = mutate(corpus, random);
      try {
        ChatTemplate chat = ChatTemplate.parse(template, LIMITS);
        parsed++;
        RenderedPrompt prompt = chat.render(variables);
        rendered++;
        checkRanges(prompt);
      } catch (QwqException e) {
        assertThat(e.getMessage()).isNotNull();
      } catch (RuntimeException | Error e) {
        throw new AssertionError(
            "seed " + seed + ", round " + round + ": " + new ObjectMapper().valueToTree(template),
            e);
      }
    }
    assertThat(parsed).as("seed %d", seed).isGreaterThan(ROUNDS / 10);
    assertThat(rendered).as("seed %d", seed).isGreaterThan(ROUNDS / 20);
  }

  private static void checkRanges(RenderedPrompt prompt) {
    int last = -1;
    int[] ranges = prompt.trustedRanges();
    assertThat(ranges.length % 2).isZero();
    for (int bound : ranges) {
      assertThat(bound).isGreaterThan(last).isLessThanOrEqualTo(prompt.text().length());
      last = bound;
    }
  }

  private static String mutate(List<String> corpus, Random random) {
    StringBuilder text = new StringBuilder(corpus.get(random.nextInt(corpus.size())));
    if (random.nextInt(3) == 0) {
      text.append(corpus.get(random.nextInt(corpus.size())));
    }
    for (int i = random.nextInt(4); i >= 0; i--) {
      int from = random.nextInt(text.length() + 1);
      int to = Math.min(text.length(), from + random.nextInt(8));
      switch (random.nextInt(4)) {
        case 0 -> text.delete(from, to);
        case 1 -> text.insert(from, PIECES[random.nextInt(PIECES.length)]);
        case 2 -> text.replace(from, to, PIECES[random.nextInt(PIECES.length)]);
        default -> text.insert(random.nextInt(text.length() + 1), text.substring(from, to));
      }
    }
    return text.toString();
  }
}
