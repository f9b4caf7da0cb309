package dev.qwq;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * One message of a conversation.
 *
 * @param role who speaks
 * @param content what is said; for the assistant the answer without its thinking
 * @param reasoning the assistant's thinking; empty for others. The model's template decides whether
 *     it is shown to the model again; most drop it
 * @param toolCalls what the assistant wanted called; empty for others
 */
public record Message(Role role, String content, String reasoning, List<ToolCall> toolCalls) {
  /** Checks the parts against the role. */
  public Message {
    Objects.requireNonNull(role, "role");
    Objects.requireNonNull(content, "content");
    Objects.requireNonNull(reasoning, "reasoning");
    toolCalls = List.copyOf(toolCalls);
    if (role != Role.ASSISTANT && !(reasoning.isEmpty() && toolCalls.isEmpty())) {
      throw new QwqException(
          ErrorCode.INVALID_ARGUMENT,
          "message: expected reasoning and tool calls of the assistant only, found role " + role);
    }
  }

  /**
   * Makes a system message.
   *
   * @param content the instructions
   * @return the message
   */
  public static Message system(String content) {
    return new Message(Role.SYSTEM, content, "", List.of());
  }

  /**
   * Makes a user's message.
   *
   * @param content what the person says; special tokens in it are ordinary text
   * @return the message
   */
  public static Message user(String content) {
    return new Message(Role.USER, content, "", List.of());
  }

  /**
   * Makes an assistant's message.
   *
   * @param content the answer
   * @return the message
   */
  public static Message assistant(String content) {
    return new Message(Role.ASSISTANT, content, "", List.of());
  }

  /**
   * Makes a message with a tool's result. Results follow the assistant's message in the order of
   * its calls.
   *
   * @param content the result, as text or JSON
   * @return the message
   */
  public static Message tool(String content) {
    return new Message(Role.TOOL, content, "", List.of());
  }

  /** This message as chat templates expect it. */
  Map<String, Object> toTemplateValue() {
    Map<String, Object> value = new LinkedHashMap<>();
    value.put("role", role.templateName());
    value.put("content", content);
    if (!reasoning.isEmpty()) {
      value.put("reasoning_content", reasoning);
    }
    if (!toolCalls.isEmpty()) {
      value.put("tool_calls", toolCalls.stream().map(Message::toTemplateValue).toList());
    }
    return value;
  }

  private static Map<String, Object> toTemplateValue(ToolCall call) {
    Map<String, Object> function = new LinkedHashMap<>();
    function.put("name", call.name());
    function.put("arguments", call.arguments());
    Map<String, Object> value = new LinkedHashMap<>();
    value.put("type", "function");
    value.put("function", function);
    return value;
  }
}
