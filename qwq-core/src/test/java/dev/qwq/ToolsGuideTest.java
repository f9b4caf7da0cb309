package dev.qwq;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qwq.agent.Agent;
import dev.qwq.agent.AgentEvent;
import dev.qwq.agent.AgentOptions;
import dev.qwq.agent.AgentReply;
import dev.qwq.agent.AgentStream;
import dev.qwq.agent.ToolApproval.Decision;
import dev.qwq.agent.ToolOutcome;
import dev.qwq.schema.Description;
import dev.qwq.schema.JsonType;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The code of docs/tools.md, which shows no other. */
class ToolsGuideTest {
  private static final Pattern SHOWN = Pattern.compile("```java\\n(.*?)```", Pattern.DOTALL);
  private static final Pattern RUN =
      Pattern.compile("// GUIDE: \\w+\\n(.*?) *// GUIDE: end", Pattern.DOTALL);

  private static final Duration LIMIT = Duration.ofSeconds(20);

  private static Model model;

  private final List<String> shown = new ArrayList<>();

  @BeforeAll
  static void open() {
    model = TinyModel.open();
  }

  @AfterAll
  static void close() {
    model.close();
  }

  // GUIDE: types
  record WeatherQuery(@Description("The city, in English") String city) {}

  record Weather(int temperature, String condition) {}

  // GUIDE: end

  // GUIDE: methods
  static class WeatherService {
    @ToolMethod("get_weather")
    @Description("Get the current weather of a city.")
    Weather weather(@Description("The city, in English") String city) {
      return new Weather(21, "sunny");
    }
  }

  // GUIDE: end

  @Test
  void agent() {
    // GUIDE: agent
    Tool weather =
        Tool.of(
            "get_weather", "Get the weather.", WeatherQuery.class, q -> new Weather(21, "sunny"));
    try (Session session = model.newSession(SessionOptions.builder().tools(weather).build())) {
      AgentReply reply = Agent.of(session).send("What is the weather in Paris?");
      print(reply.answer());
      for (ToolOutcome outcome : reply.outcomes()) {
        print(outcome.call() + " " + outcome.status() + " " + outcome.result().text());
      }
    }
    // GUIDE: end
    // The model draws its tokens: it may err, but an answer and whole outcomes it is.
    assertThat(shown).isNotEmpty();
    assertThat(shown.subList(1, shown.size())).allMatch(outcome -> outcome.contains("ToolCall["));
  }

  @Test
  void methods() {
    // GUIDE: service
    List<Tool> tools = Tools.of(new WeatherService());
    Session session = model.newSession(SessionOptions.builder().tools(tools).build());
    // GUIDE: end
    try (session) {
      assertThat(session.options().tools()).extracting(Tool::name).containsExactly("get_weather");
    }
  }

  @Test
  void schema() throws Exception {
    // GUIDE: schema
    Map<String, Object> schema =
        Map.of("type", "object", "properties", Map.of("path", Map.of("type", "string")));
    Tool files = Tool.of("read_file", "Read a file.", schema, arguments -> read(arguments));
    // GUIDE: end
    assertThat(files.handler().orElseThrow().call(Map.of("path", "a")).text())
        .isEqualTo("{path=a}");
  }

  private static String read(Map<String, Object> arguments) {
    return arguments.toString();
  }

  @Test
  void stream() {
    try (Session session = newSession()) {
      Agent agent = Agent.of(session);
      // GUIDE: stream
      try (AgentStream stream = agent.stream("What is the weather in Paris?")) {
        for (AgentEvent event : stream) {
          switch (event) {
            case AgentEvent.Model m -> show(m.event()); // as from Session.stream
            case AgentEvent.CallStarted c -> print("calls " + c.call());
            case AgentEvent.CallEnded c -> print(c.outcome().status() + " " + c.outcome().result());
            case AgentEvent.Done d -> print(d.reply().end() + " after " + d.reply().duration());
          }
        }
      } // closing early cancels: the model stops, running tools are interrupted
      // GUIDE: end
    }
    assertThat(shown).anyMatch(s -> s.startsWith("calls")).anyMatch(s -> s.contains("ANSWERED"));
  }

  @Test
  void limits() {
    try (Session session = newSession()) {
      // GUIDE: limits
      AgentOptions options =
          AgentOptions.builder()
              .maxRounds(5)
              .callTimeout(Duration.ofSeconds(10))
              .timeout(Duration.ofMinutes(2))
              .approval((tool, call) -> ask(call) ? Decision.allow() : Decision.refuse("not now"))
              .build();
      AgentReply reply = Agent.of(session, options).send("What is the weather in Paris?");
      // GUIDE: end
      assertThat(reply.duration()).isLessThan(LIMIT);
      assertThat(reply.outcomes())
          .isNotEmpty()
          .allMatch(outcome -> outcome.status() == ToolOutcome.Status.REFUSED);
    }
  }

  private static boolean ask(ToolCall call) {
    return call.name().isEmpty();
  }

  @Test
  void byHand() {
    try (Session session = newSession()) {
      // GUIDE: hand
      Reply reply = session.send("What is the weather in Paris?");
      if (reply.finishReason() == FinishReason.TOOL_CALLS) {
        List<Message> results = reply.toolCalls().stream().map(c -> Message.tool(run(c))).toList();
        reply = session.send(results, GenerationOptions.defaults());
      }
      // GUIDE: end
      assertThat(session.history()).extracting(Message::role).contains(Role.TOOL);
    }
  }

  private static String run(ToolCall call) {
    return "{\"temperature\": 21, \"condition\": \"" + call.name() + "\"}";
  }

  @Test
  void types() {
    // GUIDE: json
    JsonType<Weather> type = JsonType.of(Weather.class);
    print(type.schema().toString());
    Weather weather = type.read("{\"temperature\": 21, \"condition\": \"sunny\"}");
    // GUIDE: end
    assertThat(weather).isEqualTo(new Weather(21, "sunny"));
    assertThat(shown.getFirst()).startsWith("{type=object");
  }

  @Test
  void theGuideShowsTheCodeThatRuns() throws IOException {
    List<String> guide = blocks(SHOWN, "docs/tools.md");
    List<String> run =
        new ArrayList<>(blocks(RUN, "qwq-core/src/test/java/dev/qwq/ToolsGuideTest.java"));
    run.addAll(blocks(RUN, "qwq-integrations/qwq-mcp/src/test/java/dev/qwq/mcp/McpToolsTest.java"));
    assertThat(guide).hasSameSizeAs(run).allMatch(run::contains);
    assertThat(guide).allMatch(code -> code.lines().count() < 12);
  }

  private static List<String> blocks(Pattern pattern, String file) throws IOException {
    return pattern
        .matcher(Files.readString(TinyModel.root().resolve(file)))
        .results()
        .map(match -> match.group(1).stripTrailing().stripIndent())
        .toList();
  }

  /** Greedily: what the tiny model says is known. */
  private static Session newSession() {
    return model.newSession(
        SessionOptions.builder()
            .tools(Tools.of(new WeatherService()))
            .generation(TinyModel.greedy())
            .build());
  }

  private void show(ChatEvent event) {
    shown.add(event.toString());
  }

  private void print(String text) {
    shown.add(text);
  }
}
