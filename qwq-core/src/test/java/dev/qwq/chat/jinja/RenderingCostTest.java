package dev.qwq.chat.jinja;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Twice the conversation costs twice as much: in counted work, and in allocated bytes. */
class RenderingCostTest {
  private static final String HISTORY =
      """
      {%- set ns = namespace(last=messages|length - 1) %}
      {%- for m in messages[::-1] %}
          {%- if m.role == 'user' and ns.last == 0 %}{% set ns.last = loop.index0 %}{% endif %}
      {%- endfor %}
      {%- for m in messages %}
          {%- set content = m.content %}
          {%- if m.role == 'assistant' and not loop.last %}
              {%- set content = m.content.split('</think>')[-1].lstrip('\n') %}
          {%- endif %}
          {{- '<|im_start|>' + m.role + '\n' + content|trim + '<|im_end|>' + '\n' }}
      {%- endfor %}
      {{- '<|im_start|>assistant\n<think>\n' }}
      """;

  @ParameterizedTest
  @ValueSource(
      strings = {
        HISTORY,
        "{{ messages | tojson }}",
        "{{ messages }}",
        "{{ messages | map(attribute='content') | join('\n') | replace('e', 'E') | upper }}",
        "{{ messages | map(attribute='content') | join | list | join('-') | length }}",
        "{{ (messages | map(attribute='content') | join('<|x|>'))[::-1].split('>') | join }}",
        "{% for c in messages | map(attribute='content') | join('<|x|>') %}{{ c }}.{% endfor %}",
        "{{ (messages | map(attribute='content') | join('-') | e | indent | wordwrap(20)).title()"
            + " }}"
      })
  void growsWithTheConversation(String source) {
    Template template = Template.parse(source);
    long[] small = cost(template, 200);
    long[] large = cost(template, 400);
    // Arrays grow by doubling, so that the bytes of twice the text may be a step more than twice.
    assertThat(large[0]).as("work").isLessThan(2 * small[0] + small[0] / 10);
    assertThat(large[1]).as("bytes").isLessThan(3 * small[1]);
  }

  @Test
  void growsWithTheTemplate() {
    assertThat(parseBytes(4_000)).isLessThan(3 * parseBytes(2_000));
  }

  private static long parseBytes(int tags) {
    String source = "{% if a %}b{{ c }}{# d #}{% endif %}".repeat(tags);
    Template.parse(source);
    long before = allocated();
    Template.parse(source);
    return allocated() - before;
  }

  private static long[] cost(Template template, int count) {
    List<Map<String, String>> messages = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      messages.add(
          i % 2 == 0
              ? Map.of("role", "user", "content", "What is " + i + "? 你好 " + "hello ".repeat(40))
              : Map.of(
                  "role",
                  "assistant",
                  "content",
                  "<think>\n" + "hm. ".repeat(100) + "\n</think>\n\nIt is " + i));
    }
    Map<String, ?> variables = Map.of("messages", messages);
    RenderLimits limits = new RenderLimits(Duration.ofMinutes(1), 8 << 20);
    template.render(variables, value -> null, new Context(limits, Clock.systemUTC()));
    Context context = new Context(limits, Clock.systemUTC());
    long before = allocated();
    template.render(variables, value -> null, context);
    return new long[] {context.work(), allocated() - before};
  }

  private static long allocated() {
    var bean = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    return bean.getCurrentThreadAllocatedBytes();
  }
}
