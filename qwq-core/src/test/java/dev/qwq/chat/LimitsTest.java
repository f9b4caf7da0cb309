package dev.qwq.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A hostile template costs a bounded amount of time and memory, and an exception names the limit.
 */
@Timeout(60)
class LimitsTest {
  private static final ChatTemplate.Limits SMALL =
      new ChatTemplate.Limits(Duration.ofSeconds(2), 100_000);

  private static final String DOUBLE =
      "{% set ns = namespace(x=START) %}"
          + "{% for i in range(200) %}{% set ns.x = STEP %}{% endfor %}END";

  @ParameterizedTest
  @CsvSource(
      delimiter = '#',
      quoteCharacter = '\0',
      value = {
        "output # {% for i in range(100000) %}abc{% endfor %}",
        "output # {{ 'a' * 1000000 }}",
        "output # {{ 'a' * 10 ** 30 }}",
        "output # {{ ('a' * 90000) ~ ('a' * 90000) }}",
        "output # {{ 'a' | center(10 ** 12) }}",
        "output # {{ 'a'.ljust(10 ** 9) }}",
        "output # {{ 'a'.zfill(10 ** 9) }}",
        "output # {{ '%1000000000s' % 'a' }}",
        "output # {{ '%*d' % (10 ** 9, 1) }}",
        "output # {{ '{:1000000000}'.format(1) }}",
        "output # {{ 'aaaaaaaaaa'.replace('a', 'b' * 90000) }}",
        "output # {{ ('a' * 90000).replace('', 'b' * 90000) }}",
        "output # {{ 'a\tb'.expandtabs(10 ** 9) }}",
        "output # {{ 'a' | indent(10 ** 9, true) }}",
        "output # {{ ('a' * 50000).join(['b', 'b', 'b', 'b']) }}",
        "output # {{ ['b', 'b', 'b', 'b'] | join('a' * 50000) }}",
        "output # {{ [['a' * 60000] * 10] | tojson }}",
        "output # {{ [['a' * 60000] * 10] }}",
        "output # {{ ('<' * 90000) | e }}",
        "output # {% set x %}{% for i in range(100000) %}abc{% endfor %}{% endset %}",
        "output # {% macro m() %}{% for i in range(100000) %}abc{% endfor %}{% endmacro %}{{ m() |"
            + " length }}",
        "range limit # {{ range(10 ** 9) | list }}",
        "range limit # {{ range(0, -10 ** 9, -1) | list }}",
        "range limit # {{ range(10 ** 30) | list }}",
        "range limit # {{ range(-9 * 10 ** 18, 9 * 10 ** 18) | list }}",
        "number limit # {{ 10 ** (10 ** 10) }}",
        "number limit # {{ 2 ** 1000000000 }}",
        "number limit # {{ (10 ** 4000) * (10 ** 4000) }}",
        "precision limit # {{ '%.1000000000f' % 1.0 }}",
        "precision limit # {{ '{:.1000000000f}'.format(1.0) }}",
        "precision limit # {{ '%.1000000000d' % 1 }}",
        "size limit # {{ [1] * 10 ** 9 }}",
        "size limit # {{ [1, 2] | batch(10 ** 9, 'x') | list }}",
        "size limit # {{ [1, 2] | slice(10 ** 9) | list }}",
        "depth limit # {% macro m(n) %}{{ m(n + 1) }}{% endmacro %}{{ m(0) }}",
        "depth limit # {% macro m(n) %}{% call m(n) %}{{ caller() }}{% endcall %}{{ caller() }}{%"
            + " endmacro %}{% call m(0) %}{% endcall %}",
        "time limit # {% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor"
            + " %}",
      })
  void namesTheLimit(String limit, String template) {
    assertThatThrownBy(() -> render(template))
        .isInstanceOf(ChatTemplateException.class)
        .hasMessageContaining(
            limit.equals("output") ? "output limit exceeded" : limit + " exceeded");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '#',
      quoteCharacter = '\0',
      value = {
        "'a' # ns.x ~ ns.x # ",
        "[1] # ns.x + ns.x # ",
        "[1] # [ns.x, ns.x] # {{ ns.x }}",
        "[1] # [ns.x, ns.x] # {{ ns.x | tojson }}",
        "[1] # [ns.x, ns.x] # {{ ns.x == [ns.x[0], [ns.x[1][0], ns.x[1][1]]] and ns.x[0] < ns.x[1]"
            + " }}{{ ns.x }}",
        "(1,) # (ns.x, ns.x) # {{ {ns.x: 1} }}",
        "'a' # ns.x.replace('a', 'aa') # ",
        "1 # ns.x * 10 ** 100 # ",
        "{'a': 1} # {'a': ns.x, 'b': ns.x} # {{ ns.x | tojson }}",
      })
  void growthByDoublingEnds(String start, String step, String end) {
    String template =
        DOUBLE.replace("START", start).replace("STEP", step).replace("END", end == null ? "" : end);
    assertThatThrownBy(() -> render(template))
        .isInstanceOf(ChatTemplateException.class)
        .hasMessageContaining("exceeded");
  }

  @Test
  void deepValues() {
    String nest =
        "{% set ns = namespace(x=[]) %}{% for i in range(50000) %}{% set ns.x = [ns.x] %}{% endfor"
            + " %}";
    for (String use :
        List.of(
            "{{ ns.x }}", "{{ ns.x | tojson }}", "{{ ns.x == [ns.x] }}", "{{ {(ns.x,): 1} }}")) {
      assertThatThrownBy(() -> render(nest + use)).isInstanceOf(ChatTemplateException.class);
    }
    Object deep = List.of();
    for (int i = 0; i < 100_000; i++) {
      deep = List.of(deep);
    }
    Map<String, Object> variables = Map.of("x", deep);
    assertThatThrownBy(() -> ChatTemplate.parse("a").render(variables))
        .hasMessageContaining("depth limit exceeded");
    Map<String, Object> cycle = new HashMap<>();
    cycle.put("x", cycle);
    assertThatThrownBy(() -> ChatTemplate.parse("a").render(cycle))
        .hasMessageContaining("depth limit exceeded");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "(",
        "[",
        "{'a':",
        "-",
        "not ",
        "a[",
        "a(",
        "x if ",
        "1 if 1 else ",
        "1 ** -",
        "a|f("
      })
  void deepNestingInTheSource(String part) {
    assertThatThrownBy(() -> ChatTemplate.parse("{{ " + part.repeat(100_000)))
        .isInstanceOf(ChatTemplateException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"{% if 1 %}", "{% for x in y %}", "{% macro m() %}", "{% with %}", "{% set x %}"})
  void deepNestingOfBlocks(String part) {
    assertThatThrownBy(() -> ChatTemplate.parse(part.repeat(100_000)))
        .isInstanceOf(ChatTemplateException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"a.b", "a+a", "a~a", "a[0]", "a()", "a|e", "a and a", "a in a", "a if a"})
  void longChains(String link) {
    String chain = "a" + link.substring(1).repeat(100_000);
    // Some are flat, and some end at the first link; none may end the thread.
    Throwable failure = catchThrowable(() -> render("{{ " + chain + " }}"));
    assertThat(failure == null || failure instanceof ChatTemplateException).isTrue();
  }

  @Test
  void deepCodeOnASmallStack() throws InterruptedException {
    // Virtual threads and small platform threads meet the depth limit or their own, and live on.
    List<Throwable> failures = new ArrayList<>();
    Thread thread =
        new Thread(
            null,
            () -> {
              try {
                render("{% macro m(n) %}{{ m(n + 1) }}{% endmacro %}{{ m(0) }}");
              } catch (Throwable e) {
                failures.add(e);
              }
            },
            "small",
            160 << 10);
    thread.start();
    thread.join();
    assertThat(failures).singleElement().isInstanceOf(ChatTemplateException.class);
  }

  @Test
  void hostileSearchesAreLinear() {
    ChatTemplate template =
        ChatTemplate.parse(
            "{% set h = 'a' * 400000 %}{% set n = ('a' * 200000) ~ 'b' %}"
                + "{{ n in h }}{{ h.find(n) }}{{ h.rfind(n) }}{{ h.count(n) }}"
                + "{{ h.replace(n, '') | length }}{{ h.split(n) | length }}{{ h.startswith(n) }}");
    assertThat(template.render(Map.of()).text()).isEqualTo("False-1-10" + "400000" + "1" + "False");
  }

  @Test
  void ordinaryUseIsFarFromTheLimits() {
    // Three million characters in ten thousand messages.
    List<Map<String, String>> messages = new ArrayList<>();
    for (int i = 0; i < 10_000; i++) {
      messages.add(Map.of("role", "user", "content", "a".repeat(300)));
    }
    String text =
        ChatTemplate.parse(
                "{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' + m.content | trim"
                    + " + '<|im_end|>\\n' }}{% endfor %}")
            .render(Map.of("messages", messages))
            .text();
    assertThat(text).hasSize(10_000 * ("<|im_start|>user\n<|im_end|>\n".length() + 300));
  }

  @Test
  void limitsAreChecked() {
    assertThatThrownBy(() -> new ChatTemplate.Limits(Duration.ZERO, 1))
        .isInstanceOfSatisfying(
            QwqException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ARGUMENT))
        .hasMessageContaining("limits.time");
    assertThatThrownBy(() -> new ChatTemplate.Limits(Duration.ofSeconds(1), 0))
        .hasMessageContaining("limits.outputLength");
  }

  private static void render(String template) {
    ChatTemplate.parse(template, SMALL).render(Map.of());
  }
}
