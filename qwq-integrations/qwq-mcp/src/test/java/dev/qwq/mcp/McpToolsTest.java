package dev.qwq.mcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qwq.GenerationOptions;
import dev.qwq.Model;
import dev.qwq.Sampler;
import dev.qwq.Session;
import dev.qwq.SessionOptions;
import dev.qwq.Tool;
import dev.qwq.ToolArgumentsException;
import dev.qwq.ToolResult;
import dev.qwq.agent.Agent;
import dev.qwq.agent.AgentReply;
import dev.qwq.agent.ToolOutcome.Status;
import io.modelcontextprotocol.client.transport.ServerParameters;
import io.modelcontextprotocol.client.transport.StdioClientTransport;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.spec.McpSchema;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Tools of a server in a process of its own. */
class McpToolsTest {
  private static final Path TINY =
      Path.of("")
          .toAbsolutePath()
          .resolve("../../qwq-examples/src/main/resources/dev/qwq/examples/tiny");

  private static McpTools server;

  @BeforeAll
  static void connect() {
    server = McpTools.connect(transport());
  }

  @AfterAll
  static void close() {
    server.close();
  }

  private static StdioClientTransport transport() {
    ServerParameters parameters =
        ServerParameters.builder(Path.of(System.getProperty("java.home"), "bin/java").toString())
            .args("-cp", System.getProperty("java.class.path"), TestServer.class.getName())
            .build();
    StdioClientTransport transport =
        new StdioClientTransport(parameters, McpJsonDefaults.getMapper());
    transport.setStdErrorHandler(line -> {});
    return transport;
  }

  private static Tool tool(String name) {
    return server.tools().stream().filter(t -> t.name().equals(name)).findFirst().orElseThrow();
  }

  private static ToolResult call(String name, Map<String, Object> arguments) throws Exception {
    return tool(name).handler().orElseThrow().call(arguments);
  }

  @Test
  void listsToolsWithTheirSchemas() {
    assertThat(server.tools())
        .extracting(Tool::name)
        .contains("get_weather", "picture", "structured", "refuse", "crash", "grow");
    Tool weather = tool("get_weather");
    assertThat(weather.description()).isEqualTo("Get the weather of a city.");
    assertThat(weather.parameters()).containsEntry("required", List.of("city"));
  }

  @Test
  void theModelReadsTextsAndStructuredContent() throws Exception {
    ToolResult weather = call("get_weather", Map.of("city", "Rome"));
    assertThat(weather.text()).contains("\"city\": \"Rome\"");
    assertThat(weather.isError()).isFalse();
    assertThat(call("structured", Map.of()).text()).isEqualTo("{\"degrees\": 21}");
  }

  @Test
  void theApplicationSeesWhatTheModelCannotRead() throws Exception {
    ToolResult picture = call("picture", Map.of());
    assertThat(picture.text())
        .isEqualTo("Here it is:\n[image of type image/png, not shown]\na note");
    McpSchema.CallToolResult result = (McpSchema.CallToolResult) picture.value().orElseThrow();
    assertThat(result.content().get(1))
        .isInstanceOfSatisfying(
            McpSchema.ImageContent.class, i -> assertThat(i.data()).isEqualTo("iVBORw0="));
  }

  @Test
  void errorsAreFailedCalls() throws Exception {
    ToolResult refused = call("refuse", Map.of());
    assertThat(refused.isError()).isTrue();
    assertThat(refused.text()).isEqualTo("not today");
    assertThat(failure("crash")).contains("out of order");
  }

  /** The protocol leaves open whether a handler's exception is a result or an error. */
  private static String failure(String name) {
    try {
      ToolResult result = call(name, Map.of());
      return result.isError() ? result.text() : "no error: " + result.text();
    } catch (Exception e) {
      return String.valueOf(e.getMessage());
    }
  }

  @Test
  void argumentsAreCheckedBeforeTheServerSeesThem() {
    assertThatThrownBy(() -> call("get_weather", Map.of("city", 7)))
        .isInstanceOf(ToolArgumentsException.class)
        .hasMessage("city: expected string, found 7");
  }

  @Test
  void aChangedListIsKnown() throws Exception {
    BlockingQueue<List<Tool>> changes = new LinkedBlockingQueue<>();
    try (McpTools changing = McpTools.connect(transport(), Duration.ofSeconds(30))) {
      changing.onChange(changes::add);
      Tool grow =
          changing.tools().stream().filter(t -> t.name().equals("grow")).findFirst().orElseThrow();
      assertThat(grow.handler().orElseThrow().call(Map.of()).text()).isEqualTo("grown");
      List<Tool> now = changes.poll(30, TimeUnit.SECONDS);
      assertThat(now).extracting(Tool::name).contains("grown");
      assertThat(changing.tools()).isEqualTo(now);
      Tool grown = now.stream().filter(t -> t.name().equals("grown")).findFirst().orElseThrow();
      assertThat(grown.handler().orElseThrow().call(Map.of()).text()).isEqualTo("new");
    }
  }

  @Test
  void anAgentUsesThem() {
    GenerationOptions greedy = GenerationOptions.builder().sampler(Sampler.greedy()).build();
    try (Model model = Model.open(TINY);
        Session session =
            model.newSession(
                SessionOptions.builder().tools(tool("get_weather")).generation(greedy).build())) {
      AgentReply reply = Agent.of(session).send("What is the weather in Paris?");
      assertThat(reply.outcomes().getFirst().status()).isEqualTo(Status.SUCCEEDED);
      assertThat(reply.answer()).contains("21", "sunny");
    }
  }

  @Test
  void aServerThatCannotBeReachedFails() {
    ServerParameters parameters = ServerParameters.builder("/no/such/server").build();
    assertThatThrownBy(
            () ->
                McpTools.connect(
                    new StdioClientTransport(parameters, McpJsonDefaults.getMapper()),
                    Duration.ofSeconds(2)))
        .isInstanceOf(RuntimeException.class);
  }

  @Test
  void theGuide() {
    StdioClientTransport transport = transport();
    try (Model model = Model.open(TINY)) {
      // GUIDE: mcp
      try (McpTools server = McpTools.connect(transport);
          Session session =
              model.newSession(SessionOptions.builder().tools(server.tools()).build())) {
        AgentReply reply = Agent.of(session).send("What is the weather in Paris?");
        System.out.println(reply.answer());
      }
      // GUIDE: end
    }
  }
}
