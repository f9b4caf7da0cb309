package dev.qwq.mcp;

import dev.qwq.ToolResult;
import dev.qwq.schema.JsonText;
import io.modelcontextprotocol.spec.McpSchema;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Results of a server's tools, as a model that reads text gets them. */
final class McpResults {
  private McpResults() {}

  static ToolResult toolResult(McpSchema.CallToolResult result) {
    boolean isError = Boolean.TRUE.equals(result.isError());
    return new ToolResult(text(result), Optional.of(result), isError);
  }

  private static String text(McpSchema.CallToolResult result) {
    List<McpSchema.Content> contents = result.content() == null ? List.of() : result.content();
    boolean readable = contents.stream().anyMatch(McpSchema.TextContent.class::isInstance);
    String text = contents.stream().map(McpResults::text).collect(Collectors.joining("\n"));
    if (readable || result.structuredContent() == null) {
      return text;
    }
    String json = JsonText.of(result.structuredContent());
    return text.isEmpty() ? json : json + "\n" + text;
  }

  private static String text(McpSchema.Content content) {
    return switch (content) {
      case McpSchema.TextContent text -> text.text();
      case McpSchema.ImageContent image -> "[image of type " + image.mimeType() + ", not shown]";
      case McpSchema.AudioContent audio -> "[sound of type " + audio.mimeType() + ", not played]";
      case McpSchema.EmbeddedResource embedded -> text(embedded.resource());
      case McpSchema.ResourceLink link -> "[resource " + link.name() + " at " + link.uri() + "]";
      default -> "[" + content.type() + ", not shown]";
    };
  }

  private static String text(McpSchema.ResourceContents resource) {
    return resource instanceof McpSchema.TextResourceContents text
        ? text.text()
        : "[resource of type " + resource.mimeType() + " at " + resource.uri() + ", not shown]";
  }
}
