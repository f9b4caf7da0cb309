package dev.qwq.mcp;

import dev.qwq.Tool;
import dev.qwq.ToolArgumentsException;
import dev.qwq.ToolHandler;
import dev.qwq.schema.SchemaCheck;
import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpSchema;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/**
 * The tools of a Model Context Protocol server, to be offered to a model and run by an {@link
 * dev.qwq.agent.Agent}.
 *
 * <p>Arguments are checked against the tool's input schema before the server sees them. Of a
 * result, the model reads the texts; if there is none, the structured content as JSON. Images,
 * sounds and other binary contents it cannot read: it is told that they are there, and the
 * application finds them in the {@link McpSchema.CallToolResult}, the result's value. What the
 * server reports as an error is a failed call.
 *
 * <p>Safe for use by many threads.
 */
public final class McpTools implements AutoCloseable {
  private final McpSyncClient client;
  private final List<Consumer<List<Tool>>> listeners = new CopyOnWriteArrayList<>();
  private volatile List<Tool> tools = List.of();

  private McpTools(McpClientTransport transport, Duration requestTimeout) {
    client =
        McpClient.sync(transport)
            .requestTimeout(requestTimeout)
            .clientInfo(McpSchema.Implementation.builder("qwq", "1").build())
            .toolsChangeConsumer(this::changed)
            .build();
  }

  /**
   * Connects to a server and lists its tools. A request may take a minute.
   *
   * @param transport how to reach the server, {@code StdioClientTransport} for a program, say
   * @return its tools
   * @throws RuntimeException of the SDK, if the server cannot be reached
   */
  public static McpTools connect(McpClientTransport transport) {
    return connect(transport, Duration.ofMinutes(1));
  }

  /**
   * Connects to a server and lists its tools.
   *
   * @param transport how to reach the server
   * @param requestTimeout how long a request, a tool's call among them, may take
   * @return its tools
   * @throws RuntimeException of the SDK, if the server cannot be reached
   */
  public static McpTools connect(McpClientTransport transport, Duration requestTimeout) {
    McpTools connected = new McpTools(transport, requestTimeout);
    try {
      connected.client.initialize();
      connected.tools = of(connected.client);
      return connected;
    } catch (RuntimeException | Error e) {
      connected.close();
      throw e;
    }
  }

  /**
   * Lists the tools of a client that the application has configured and initialised, and closes.
   *
   * @param client the client
   * @return its server's tools at this time
   */
  public static List<Tool> of(McpSyncClient client) {
    List<Tool> tools = new ArrayList<>();
    McpSchema.ListToolsResult page = client.listTools();
    page.tools().forEach(tool -> tools.add(tool(client, tool)));
    while (page.nextCursor() != null) {
      page = client.listTools(page.nextCursor());
      page.tools().forEach(tool -> tools.add(tool(client, tool)));
    }
    return List.copyOf(tools);
  }

  /**
   * Returns the tools.
   *
   * @return what the server offers now; not modifiable
   */
  public List<Tool> tools() {
    return tools;
  }

  /**
   * Calls a listener whenever the server has changed its tools. A session keeps the tools it was
   * begun with: to offer others, begin one with the {@code history} of the old.
   *
   * @param listener receives the new tools, on a thread of the SDK
   */
  public void onChange(Consumer<List<Tool>> listener) {
    listeners.add(listener);
  }

  /** Ends the connection; a server that the transport started is stopped. */
  @Override
  public void close() {
    client.closeGracefully();
  }

  private void changed(List<McpSchema.Tool> changed) {
    List<Tool> now = changed.stream().map(tool -> tool(client, tool)).toList();
    tools = now;
    listeners.forEach(listener -> listener.accept(now));
  }

  private static Tool tool(McpSyncClient client, McpSchema.Tool tool) {
    String name = tool.name();
    Map<String, Object> schema = tool.inputSchema();
    ToolHandler handler =
        arguments -> {
          List<String> violations = SchemaCheck.violations(schema, arguments);
          if (!violations.isEmpty()) {
            throw new ToolArgumentsException(String.join("; ", violations));
          }
          return McpResults.toolResult(
              client.callTool(
                  McpSchema.CallToolRequest.builder(name).arguments(arguments).build()));
        };
    String description = tool.description() == null ? "" : tool.description();
    return new Tool(name, description, schema, Optional.of(handler));
  }
}
