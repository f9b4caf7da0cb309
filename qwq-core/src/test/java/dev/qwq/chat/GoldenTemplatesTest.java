package dev.qwq.chat;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Every statement, operator, filter, test and method against jinja2; see golden_templates.py. */
class GoldenTemplatesTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2026-03-05T14:07:09Z"), ZoneOffset.UTC);

  @Test
  void asJinja2() throws IOException {
    JsonNode golden = golden();
    Map<?, ?> raw = JSON.convertValue(golden.get("variables"), Map.class);
    Map<String, Object> variables = new java.util.LinkedHashMap<>();
    raw.forEach((key, value) -> variables.put((String) key, value));
    List<String> wrong = new ArrayList<>();
    for (JsonNode test : golden.get("cases")) {
      String expected =
          test.has("expected")
              ? test.get("expected").textValue()
              : test.has("raised") ? "raised: " + test.get("raised").textValue() : "error";
      String found = render(test.get("template").textValue(), variables);
      if (!expected.equals(
          found.startsWith("error") && expected.equals("error") ? "error" : found)) {
        wrong.add(
            test.get("template")
                + "\n  expected "
                + quote(expected)
                + "\n  found    "
                + quote(found));
      }
    }
    assertThat(golden.get("cases").size()).isGreaterThan(1000);
    assertThat(wrong).as(String.join("\n", wrong)).isEmpty();
  }

  private static String render(String template, Map<String, Object> variables) {
    try {
      return ChatTemplate.parse(template).withClock(CLOCK).render(variables).text();
    } catch (ChatTemplateException e) {
      return e.raisedByTemplate() ? "raised: " + e.getMessage() : "error: " + e.getMessage();
    }
  }

  private static String quote(String text) {
    return JSON.valueToTree(text).toString();
  }

  private static JsonNode golden() throws IOException {
    try (InputStream in =
        GoldenTemplatesTest.class.getResourceAsStream("/dev/qwq/golden/templates.json")) {
      return JSON.readTree(in);
    }
  }
}
