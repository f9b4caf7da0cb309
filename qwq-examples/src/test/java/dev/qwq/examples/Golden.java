package dev.qwq.examples;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.qwq.Message;
import dev.qwq.Role;
import dev.qwq.Tool;
import dev.qwq.ToolCall;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What Hugging Face transformers makes of the bundled model: greedy, in float32. */
public final class Golden {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final JsonNode FILE = read();

  private Golden() {}

  /** One conversation and the reply to it. */
  public record Case(JsonNode json) {
    public int[] promptTokens() {
      return JSON.convertValue(json.get("prompt_tokens"), int[].class);
    }

    public int[] tokens() {
      return JSON.convertValue(json.get("tokens"), int[].class);
    }

    public String reasoning() {
      return json.get("reasoning").textValue();
    }

    /** The answer; for a tool call its text with the markers around it. */
    public String answer() {
      return json.get("answer").textValue();
    }

    public String promptText() {
      return json.get("prompt_text").textValue();
    }

    public boolean callsTool() {
      return answer().startsWith("<tool_call>");
    }

    public List<Message> messages() {
      List<Message> messages = new ArrayList<>();
      for (JsonNode message : json.get("messages")) {
        List<ToolCall> calls = new ArrayList<>();
        for (JsonNode call : message.path("tool_calls")) {
          calls.add(toolCall(call.get("function")));
        }
        Role role = Role.valueOf(message.get("role").textValue().toUpperCase(Locale.ROOT));
        messages.add(new Message(role, message.get("content").textValue(), "", calls));
      }
      return messages;
    }

    public Tool[] tools() {
      List<Tool> tools = new ArrayList<>();
      for (JsonNode tool : json.path("tools")) {
        JsonNode function = tool.get("function");
        tools.add(
            new Tool(
                function.get("name").textValue(),
                function.get("description").textValue(),
                map(function.get("parameters"))));
      }
      return tools.toArray(new Tool[0]);
    }

    /** The call in the answer. */
    public ToolCall toolCall() throws IOException {
      return toolCall(JSON.readTree(answer().replaceAll("</?tool_call>", "")));
    }

    private static ToolCall toolCall(JsonNode function) {
      return new ToolCall(function.get("name").textValue(), map(function.get("arguments")));
    }

    @SuppressWarnings("unchecked") // JSON objects have strings as keys
    private static Map<String, Object> map(JsonNode object) {
      return JSON.convertValue(object, Map.class);
    }

    @Override
    public String toString() {
      return promptText();
    }
  }

  public static Case strawberry() {
    return new Case(FILE.get("strawberry"));
  }

  public static List<Case> cases() {
    List<Case> cases = new ArrayList<>();
    FILE.get("cases").forEach(json -> cases.add(new Case(json)));
    return cases;
  }

  /** Logits after some positions of the strawberry prompt and its reply, by position. */
  public static JsonNode logits() {
    return FILE.get("logits_at");
  }

  private static JsonNode read() {
    try (InputStream in = Golden.class.getResourceAsStream("tiny/golden.json")) {
      return JSON.readTree(in);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
