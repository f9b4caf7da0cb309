package dev.qwq.mcp;

import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.McpServerFeatures.SyncToolSpecification;
import io.modelcontextprotocol.server.McpSyncServer;
import io.modelcontextprotocol.server.transport.StdioServerTransportProvider;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;

/** A server on standard input and output, as users start them. */
public final class TestServer {
  private static final Map<String, Object> CITY =
      Map.of(
          "type",
          "object",
          "properties",
          Map.of("city", Map.of("type", "string")),
          "required",
          List.of("city"));

  private static final Map<String, Object> NOTHING = Map.of("type", "object");

  private TestServer() {}

  public static void main(String[] args) throws InterruptedException {
    McpSyncServer server =
        McpServer.sync(new StdioServerTransportProvider(McpJsonDefaults.getMapper()))
            .serverInfo("test", "1")
            .capabilities(McpSchema.ServerCapabilities.builder().tools(true).build())
            .tools(
                tool("get_weather", "Get the weather of a city.", CITY, TestServer::weather),
                tool("picture", "", NOTHING, a -> picture()),
                tool("structured", "", NOTHING, a -> structured()),
                tool("refuse", "", NOTHING, a -> refusal()),
                tool("crash", "", NOTHING, a -> crash()))
            .build();
    server.addTool(
        tool(
            "grow",
            "Adds a tool.",
            NOTHING,
            a -> {
              server.addTool(tool("grown", "", NOTHING, b -> text("new")));
              return text("grown");
            }));
    Thread.currentThread().join();
  }

  private static SyncToolSpecification tool(
      String name,
      String description,
      Map<String, Object> schema,
      Function<Map<String, Object>, CallToolResult> function) {
    BiFunction<Object, McpSchema.CallToolRequest, CallToolResult> handler =
        (exchange, request) -> function.apply(request.arguments());
    return SyncToolSpecification.builder()
        .tool(McpSchema.Tool.builder(name, schema).description(description).build())
        .callHandler(handler::apply)
        .build();
  }

  private static CallToolResult weather(Map<String, Object> arguments) {
    return text(
        "{\"temperature\": 21, \"sky\": \"sunny\", \"city\": \"" + arguments.get("city") + "\"}");
  }

  private static CallToolResult text(String text) {
    return CallToolResult.builder().addTextContent(text).isError(false).build();
  }

  private static CallToolResult picture() {
    return CallToolResult.builder()
        .addTextContent("Here it is:")
        .addContent(McpSchema.ImageContent.builder("iVBORw0=", "image/png").build())
        .addContent(
            McpSchema.EmbeddedResource.builder(
                    McpSchema.TextResourceContents.builder("file:///a.txt", "a note").build())
                .build())
        .isError(false)
        .build();
  }

  private static CallToolResult structured() {
    return CallToolResult.builder()
        .content(List.of())
        .structuredContent(Map.of("degrees", 21))
        .isError(false)
        .build();
  }

  private static CallToolResult refusal() {
    return CallToolResult.builder().addTextContent("not today").isError(true).build();
  }

  private static CallToolResult crash() {
    throw new IllegalStateException("out of order");
  }
}
