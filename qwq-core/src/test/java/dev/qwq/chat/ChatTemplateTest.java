package dev.qwq.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChatTemplateTest {
  @ParameterizedTest
  @CsvSource(
      delimiterString = "::",
      quoteCharacter = '\0',
      value = {
        "1 :: 7 :: expected an expression, found '}}' :: {{ 1 +}}",
        "2 :: 4 :: expected {% elif %} or {% else %} or {% endif %} to close this 'if' :: a%N{% if"
            + " x %}b",
        "1 :: 4 :: expected a known tag, found 'endif' :: {% endif %}",
        "1 :: 19 :: expected a tag that is known or closes 'for', found 'endif' :: {% for x in"
            + " y%}{% endif %}",
        "3 :: 6 :: expected a name after '.', found '}}' :: a%N%N{{ a.}}",
        "1 :: 1 :: expected '}}' to end this tag, found the end of the template :: {{ a",
        "1 :: 4 :: expected ' to end this string, found none :: {{ 'a }}",
        "1 :: 1 :: expected '#}' to end this comment :: {# a",
        "1 :: 1 :: expected '{% endraw %}' :: {% raw %} a",
        "1 :: 6 :: expected ')', found ']' :: {{ (1] }}",
        "1 :: 4 :: the tag 'include' is not for chat templates :: {% include 'x' %}",
        "1 :: 4 :: found 'break' outside of a loop :: {% break %}",
        "1 :: 8 :: no filter named 'nope' :: {{ a | nope }}",
        "1 :: 9 :: no test named 'nope' :: {{ a is nope }}",
        "2 :: 5 :: 'a' is undefined :: x%N{{ a.b }}",
        "1 :: 8 :: can only concatenate str (not \"int\") to str :: {{ 'a' + 1 }}",
        "1 :: 9 :: range(): unexpected keyword argument 'x' :: {{ range(x=1) }}",
        "1 :: 8 :: replace(): missing argument 'new' :: {{ 'a'|replace('b') }}",
        "1 :: 4 :: too many values to unpack: expected 2 :: {% set a, b = [1, 2, 3] %}",
      })
  void errorsSayWhere(int line, int column, String message, String template) {
    assertThatThrownBy(() -> ChatTemplate.parse(template.replace("%N", "\n")).render(Map.of()))
        .isInstanceOfSatisfying(
            ChatTemplateException.class,
            e -> {
              assertThat(e.getMessage())
                  .startsWith("chat template, line " + line + ", column ")
                  .contains(message);
              assertThat(e.line()).isEqualTo(line);
              assertThat(e.column()).isEqualTo(column);
              assertThat(e.code()).isEqualTo(ErrorCode.TEMPLATE_FAILED);
              assertThat(e.raisedByTemplate()).isFalse();
            });
  }

  @Test
  void whatTheTemplateRaisesIsVerbatim() {
    ChatTemplate template =
        ChatTemplate.parse("a\n  {{ raise_exception('Roles must ' ~ \"alternate: \" ~ x) }}");
    assertThatThrownBy(() -> template.render(Map.of("x", "{{ 1 }}")))
        .isInstanceOfSatisfying(
            ChatTemplateException.class,
            e -> {
              assertThat(e.getMessage()).isEqualTo("Roles must alternate: {{ 1 }}");
              assertThat(e.raisedByTemplate()).isTrue();
              assertThat(e.line()).isEqualTo(2);
            });
  }

  @Test
  void javaValues() {
    Map<String, Object> variables = new HashMap<>();
    variables.put("values", Arrays.asList("s", true, 1, 2L, (short) 3, (byte) 4, 1.5, 0.1f, null));
    variables.put("big", new java.math.BigInteger("123456789012345678901234567890"));
    variables.put("decimal", new java.math.BigDecimal("1.25"));
    Map<Object, Object> map = new LinkedHashMap<>();
    map.put("b", List.of());
    map.put("a", Map.of());
    map.put(1, 2);
    variables.put("map", map);
    assertThat(
            ChatTemplate.parse("{{ values }}{{ values|tojson }}{{ big }}{{ decimal }}{{ map }}")
                .render(variables)
                .text())
        .isEqualTo(
            "['s', True, 1, 2, 3, 4, 1.5, 0.1, None]"
                + "[\"s\", true, 1, 2, 3, 4, 1.5, 0.1, null]"
                + "1234567890123456789012345678901.25{'b': [], 'a': {}, 1: 2}");
  }

  @Test
  void otherJavaValuesAreNamed() {
    ChatTemplate template = ChatTemplate.parse("x");
    Map<String, ?> variables =
        Map.of("messages", List.of(Map.of("content", "a"), Map.of("content", Instant.EPOCH)));
    assertThatThrownBy(() -> template.render(variables))
        .isInstanceOfSatisfying(
            QwqException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ARGUMENT))
        .hasMessageContaining("messages[1].content: expected")
        .hasMessageContaining("found java.time.Instant");
  }

  @Test
  void clock() {
    Clock clock = Clock.fixed(Instant.parse("2026-01-02T03:04:05Z"), ZoneOffset.ofHours(1));
    assertThat(
            ChatTemplate.parse("{{ strftime_now('%d %b %Y %H:%M') }}")
                .withClock(clock)
                .render(Map.of())
                .text())
        .isEqualTo("02 Jan 2026 04:04");
  }

  @Test
  void capabilities() {
    String plain = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}";
    assertThat(ChatTemplate.parse(plain).supportsSystemRole()).isTrue();
    assertThat(ChatTemplate.parse(plain).supportsTools()).isFalse();
    assertThat(ChatTemplate.parse("{{ tools|tojson }}" + plain).supportsTools()).isTrue();
    String strict =
        "{% if messages[0].role == 'system' %}{{ raise_exception('no') }}{% endif %}" + plain;
    assertThat(ChatTemplate.parse(strict).supportsSystemRole()).isFalse();
    assertThat(ChatTemplate.parse(strict).source()).isEqualTo(strict);
  }

  @Test
  void rangesAreACopy() {
    RenderedPrompt prompt = ChatTemplate.parse("abc").render(Map.of());
    prompt.trustedRanges()[0] = 2;
    assertThat(prompt.trustedRanges()).containsExactly(0, 3);
  }

  @Test
  void manyThreadsShareOne() throws Exception {
    ChatTemplate template =
        ChatTemplate.parse(
            "{% set ns = namespace(n=0) %}{% macro m(x) %}{{ x }}{% endmacro %}"
                + "{% for i in range(500) %}{% set ns.n = ns.n + i %}{% endfor %}"
                + "{{ m(x) }}{{ ns.n }}");
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Callable<String>> tasks =
          java.util.stream.IntStream.range(0, 64)
              .<Callable<String>>mapToObj(i -> () -> template.render(Map.of("x", i)).text())
              .toList();
      int i = 0;
      for (Future<String> text : threads.invokeAll(tasks)) {
        assertThat(text.get()).isEqualTo(i++ + "124750");
      }
    }
  }
}
