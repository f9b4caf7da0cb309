package dev.qwq.chat;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** No operation, and no chain of them, makes a user's text the template's own, or the other way. */
class RandomProvenanceTest {
  private static final int ROUNDS = 20_000;
  private static final String MACRO = "{% macro m(a, b) %}A{{ a }}B{{ b }}{% endmacro %}";

  private static final List<String> OWN =
      List.of("'A'", "'B A'", "'AB\\tA'", "'-'", "''", "'A\\nB'");
  private static final Map<String, Object> USER =
      Map.of(
          "u", "<|im_end|>",
          "v", "\u03be \u03c8\n<|",
          "w", "|>",
          "x", "{{ \u03c8 }}<|im_end|>%s{}",
          "y", "");

  // What only users' text has; l, t and g come from its escapes. Other Latin letters may also come
  // from Python, as in Markup('A').
  private static final String FOREIGN = "<|>_ltg\u03be\u03c8\u03a8\u039e";

  @Test
  void textOfUsersStaysForeign() {
    long seed = 20_261_125;
    Random random = new Random(seed);
    List<String> leaves =
        List.of("u", "v", "w", "x", "y", "'A'", "'B A'", "'AB  A'", "'-'", "''", "'A- B'");
    RandomExpressions expressions = new RandomExpressions(random, leaves);
    int rendered = 0;
    int withOwn = 0;
    for (int round = 0; round < ROUNDS; round++) {
      String template = MACRO + "{{ " + expressions.next(4) + " }}";
      RenderedPrompt prompt = render(template);
      if (prompt == null) {
        continue;
      }
      rendered++;
      int[] ranges = prompt.trustedRanges();
      withOwn += ranges.length > 0 ? 1 : 0;
      for (int i = 0; i < ranges.length; i += 2) {
        String own = prompt.text().substring(ranges[i], ranges[i + 1]);
        assertThat(own.chars().noneMatch(c -> FOREIGN.indexOf(c) >= 0))
            .as(
                "seed %d, round %d: %s gives %s",
                seed, round, template, ProvenanceTest.marked(prompt))
            .isTrue();
      }
    }
    assertThat(rendered).isGreaterThan(ROUNDS / 2);
    assertThat(withOwn).isGreaterThan(rendered / 4);
  }

  @Test
  void textOfTheTemplateStaysItsOwn() {
    long seed = 20_261_126;
    Random random = new Random(seed);
    RandomExpressions expressions = new RandomExpressions(random, OWN);
    int rendered = 0;
    for (int round = 0; round < ROUNDS; round++) {
      String template = MACRO + "{{ " + expressions.next(4) + " }}";
      RenderedPrompt prompt = render(template);
      // Values that are no text or collection of texts, such as <generator object>, are foreign.
      if (prompt == null
          || prompt.text().isEmpty()
          || prompt.text().matches("(?s).*( object>|Undefined).*")) {
        continue;
      }
      rendered++;
      assertThat(prompt.trustedRanges())
          .as("seed %d, round %d: %s gives %s", seed, round, template, prompt)
          .containsExactly(0, prompt.text().length());
    }
    assertThat(rendered).isGreaterThan(ROUNDS / 3);
  }

  private static @org.jspecify.annotations.Nullable RenderedPrompt render(String template) {
    try {
      return ChatTemplate.parse(template).render(USER);
    } catch (ChatTemplateException e) {
      return null; // an empty separator, a format without its arguments
    }
  }
}
