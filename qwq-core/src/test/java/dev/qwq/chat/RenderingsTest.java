package dev.qwq.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The models' own templates against what jinja2 makes of them, byte for byte. */
class RenderingsTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TestFactory
  Stream<DynamicTest> asJinja2() throws IOException {
    Path file = SharedData.file("chat/renderings.json");
    assumeTrue(Files.exists(file), () -> "skipped: no " + file);
    List<?> cases = JSON.readValue(file.toFile(), List.class);
    assertThat(cases).hasSizeGreaterThan(100);
    Object tools =
        cases.stream()
            .map(rendering -> ((Map<?, ?>) rendering).get("tools"))
            .filter(Objects::nonNull)
            .findFirst()
            .orElseThrow();
    return cases.stream().map(rendering -> test((Map<?, ?>) rendering, tools));
  }

  private static DynamicTest test(Map<?, ?> rendering, Object tools) {
    String name = rendering.get("template") + ": " + rendering.get("conversation");
    return DynamicTest.dynamicTest(
        name,
        () -> {
          Path file = SharedData.file("templates/" + rendering.get("template"));
          ChatTemplate template = ChatTemplate.parse(Files.readString(file));
          Map<String, Object> variables = variables(rendering, tools);
          if (rendering.get("error") != null) {
            assertThatThrownBy(() -> template.render(variables))
                .isInstanceOf(ChatTemplateException.class);
            return;
          }
          assertThat(template.render(variables).text()).isEqualTo(rendering.get("expected"));
        });
  }

  /**
   * The variables of a rendering. Templates for tool use only were rendered with the one tool of
   * the file also where the record does not repeat it (jinja2 too gives the expected text only so).
   */
  private static Map<String, Object> variables(Map<?, ?> rendering, Object tools) {
    Map<String, Object> variables = new LinkedHashMap<>();
    if (rendering.get("context") instanceof Map<?, ?> context) {
      context.forEach((key, value) -> variables.put((String) key, value));
      if (rendering.get("template") instanceof String name && name.contains("tool_use")) {
        variables.putIfAbsent("tools", tools);
      }
      return variables;
    }
    for (String name :
        List.of("messages", "tools", "add_generation_prompt", "bos_token", "eos_token")) {
      variables.put(name, rendering.get(name));
    }
    if (rendering.get("extra") instanceof Map<?, ?> extra) {
      extra.forEach((key, value) -> variables.put((String) key, value));
    }
    return variables;
  }
}
