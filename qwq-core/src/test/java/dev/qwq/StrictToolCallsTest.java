package dev.qwq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Calls that can only be those of the tools on offer. */
class StrictToolCallsTest {
  enum Unit {
    CELSIUS,
    FAHRENHEIT
  }

  record Place(String city, Unit unit, List<Integer> days) {}

  record Sum(int first, int second) {}

  private static final List<Tool> TOOLS =
      List.of(
          Tool.of("get_weather", "Tells the weather.", Place.class, place -> place.city()),
          Tool.of("add", "Adds.", Sum.class, sum -> sum.first() + sum.second()));

  /** Draws wildly, and likes to call. */
  private static GenerationOptions calling(Model model, long seed, boolean strict) {
    int open = model.tokenizer().orElseThrow().id("<tool_call>").orElseThrow();
    Sampler sampler =
        Sampler.builder().temperature(1.4f).topK(0).topP(1).seed(seed).logitBias(open, 9).build();
    return GenerationOptions.builder()
        .sampler(sampler)
        .thinking(false)
        .maxTokens(250)
        .strictToolCalls(strict)
        .build();
  }

  @Test
  void everyCallIsOfAToolAndItsSchema() {
    SessionOptions options = SessionOptions.builder().tools(TOOLS).build();
    int calls = 0;
    int broken = 0;
    try (Model model = TinyModel.open()) {
      for (long seed = 0; seed < 20; seed++) {
        try (Session session = model.newSession(options)) {
          Reply reply = session.send("What is the weather?", calling(model, seed, true));
          for (ToolCall call : reply.toolCalls()) {
            calls++;
            check(call);
          }
          if (reply.finishReason() != FinishReason.LENGTH) {
            assertThat(reply.answer()).doesNotContain("<tool_call>");
          }
        }
        try (Session session = model.newSession(options)) {
          Reply reply = session.send("What is the weather?", calling(model, seed, false));
          broken += reply.answer().contains("<tool_call>") ? 1 : 0;
        }
      }
    }
    assertThat(calls).isGreaterThan(10);
    assertThat(broken).as("what free calls look like at this temperature").isPositive();
  }

  private static void check(ToolCall call) {
    Map<String, Object> arguments = call.arguments();
    if (call.name().equals("add")) {
      assertThat(arguments).containsOnlyKeys("first", "second");
      assertThat(arguments.values()).allMatch(value -> value instanceof Number);
    } else {
      assertThat(call.name()).isEqualTo("get_weather");
      assertThat(arguments).containsOnlyKeys("city", "unit", "days");
      assertThat(arguments.get("unit")).isIn("CELSIUS", "FAHRENHEIT");
      assertThat((List<?>) arguments.get("days")).allMatch(day -> day instanceof Number);
    }
  }

  @Test
  void aSchemaThatCannotBeHeldIsNamed() {
    Tool odd = new Tool("odd", "Odd.", Map.of("type", "object", "not", Map.of("type", "null")));
    try (Model model = TinyModel.open();
        Session session = model.newSession(SessionOptions.builder().tools(odd).build())) {
      assertThatThrownBy(() -> session.send("x", calling(model, 1, true)))
          .isInstanceOf(QwqException.class)
          .hasMessageContaining("not");
      assertThat(session.send("x", calling(model, 1, false)).tokens()).isNotEmpty();
    }
  }
}
