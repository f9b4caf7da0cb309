package dev.qwq;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qwq.schema.Description;
import java.io.IOException;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Tools with behaviour: of records, of methods, of schemas. */
class ToolsTest {
  record Query(@Description("its name") String city, Optional<Integer> days) {}

  sealed interface Sky permits Sun, Rain {}

  record Sun(int degrees) implements Sky {}

  record Rain(double millimetres) implements Sky {}

  static class Base {
    @ToolMethod
    @Description("overridden")
    String inherited(String text) {
      return "base " + text;
    }

    @ToolMethod
    void nothing() {}
  }

  interface Greets {
    @ToolMethod("greet")
    @Description("Greets somebody.")
    default String sayHello(String name) {
      return "hello " + name;
    }
  }

  static class Weather extends Base implements Greets {
    @ToolMethod("get_weather")
    @Description("Tells the weather of a day.")
    List<Sky> weather(@Description("The city") String city, LocalDate day, @Nullable Integer hour) {
      return List.of(new Sun(hour == null ? day.getDayOfMonth() : hour), new Rain(city.length()));
    }

    @Override
    @ToolMethod
    String inherited(String text) {
      return "weather " + text;
    }

    @ToolMethod
    String fails(Optional<String> text) throws IOException {
      throw new IOException("absent: " + text.isEmpty());
    }

    String noTool() {
      return "";
    }
  }

  private final Map<String, Tool> tools = byName(Tools.of(new Weather()));

  @Test
  void aToolOfARecordAndALambda() throws Exception {
    Tool tool = Tool.of("weather", "The weather.", Query.class, q -> q.city() + q.days().orElse(1));
    assertThat(tool.parameters()).isEqualTo(dev.qwq.schema.JsonType.of(Query.class).schema());
    assertThat(call(tool, Map.of("city", "Rome", "days", 3)))
        .isEqualTo(new ToolResult("Rome3", Optional.of("Rome3"), false));
    assertThatThrownBy(() -> call(tool, Map.of("days", 3)))
        .isInstanceOf(ToolArgumentsException.class)
        .hasMessage("city: expected a value, found nothing");
  }

  @Test
  void resultsAreTextOrJson() throws Exception {
    assertThat(result(new Sun(21)).text()).isEqualTo("{\"degrees\": 21}");
    assertThat(result(List.of(1, Map.of("a", true))).text()).isEqualTo("[1, {\"a\": true}]");
    assertThat(result(LocalDate.of(2026, 1, 2)).text()).isEqualTo("\"2026-01-02\"");
    assertThat(result(ToolResult.error("x"))).isEqualTo(ToolResult.error("x"));
    assertThat(ToolResult.error("a \"b\"").text()).isEqualTo("{\"error\": \"a \\\"b\\\"\"}");
    Tool nothing = Tool.of("t", "", Map.of(), m -> null);
    assertThat(call(nothing, Map.of()).text()).isEqualTo("null");
  }

  @Test
  void aToolOfASchemaAndAFunction() throws Exception {
    Map<String, Object> schema =
        Map.of("type", "object", "properties", Map.of("n", Map.of("minimum", 1)));
    Tool tool = Tool.of("t", "", schema, arguments -> arguments.get("n"));
    assertThat(call(tool, Map.of("n", 7)).text()).isEqualTo("7");
    assertThatThrownBy(() -> call(tool, Map.of("n", 0)))
        .isInstanceOf(ToolArgumentsException.class)
        .hasMessage("n: expected at least 1, found 0");
  }

  @Test
  void toolsOfMethodsWithTheirDescriptions() throws Exception {
    assertThat(tools.keySet())
        .containsExactly("fails", "get_weather", "greet", "inherited", "nothing");
    Tool weather = requireNonNull(tools.get("get_weather"));
    assertThat(weather.description()).isEqualTo("Tells the weather of a day.");
    assertThat(weather.parameters().get("required")).isEqualTo(List.of("city", "day"));
    assertThat(weather.parameters().get("properties"))
        .extracting(p -> ((Map<?, ?>) p).get("city"))
        .isEqualTo(Map.of("type", "string", "description", "The city"));
    assertThat(call(weather, Map.of("city", "Rome", "day", "2026-02-03")).text())
        .isEqualTo(
            "[{\"type\": \"Sun\", \"degrees\": 3}, {\"type\": \"Rain\", \"millimetres\": 4.0}]");
    assertThat(call(tools.get("greet"), Map.of("name", "you")).text()).isEqualTo("hello you");
    assertThat(call(tools.get("inherited"), Map.of("text", "x")).text()).isEqualTo("weather x");
    assertThat(call(tools.get("nothing"), Map.of()).text()).isEqualTo("done");
  }

  @Test
  void methodsThrowWhatTheyThrow() {
    assertThatThrownBy(() -> call(tools.get("fails"), Map.of()))
        .isInstanceOf(IOException.class)
        .hasMessage("absent: true");
    assertThatThrownBy(() -> call(tools.get("get_weather"), Map.of("city", 1, "day", "x")))
        .isInstanceOf(ToolArgumentsException.class)
        .hasMessageContainingAll("city: expected string, found 1", "day: expected a text");
  }

  static class Overloaded {
    @ToolMethod
    void twice(int a) {}

    @ToolMethod
    void twice(String a) {}
  }

  static class Unsupported {
    @ToolMethod
    void odd(Thread thread) {}
  }

  @Test
  void whatIsNoToolIsRefused() {
    assertThatThrownBy(() -> Tools.of("text")).hasMessageContaining("java.lang.String: expected");
    assertThatThrownBy(() -> Tools.of(new Overloaded())).hasMessageContaining("the name twice");
    assertThatThrownBy(() -> Tools.of(new Unsupported()))
        .hasMessageContainingAll("ToolsTest$Unsupported.odd.thread", "Thread");
    assertThatThrownBy(() -> Tool.of("t", "", Sky.class, s -> s))
        .hasMessageContaining("expected a record");
    assertThatThrownBy(() -> new Tool(" ", "", Map.of())).hasMessageContaining("tool name");
  }

  private static Map<String, Tool> byName(List<Tool> tools) {
    Map<String, Tool> map = new java.util.LinkedHashMap<>();
    tools.forEach(tool -> map.put(tool.name(), tool));
    return map;
  }

  private static ToolResult result(Object value) throws Exception {
    return call(Tool.of("t", "", Map.of(), m -> value), Map.of());
  }

  private static ToolResult call(@Nullable Tool tool, Map<String, Object> arguments)
      throws Exception {
    if (tool == null) {
      throw new AssertionError("no such tool");
    }
    return tool.handler().orElseThrow().call(arguments);
  }
}
