package dev.qwq.agent;

import dev.qwq.ChatEvent;
import dev.qwq.FinishReason;
import dev.qwq.GenerationOptions;
import dev.qwq.Message;
import dev.qwq.Reply;
import dev.qwq.Role;
import dev.qwq.TestReplies;
import dev.qwq.Tool;
import dev.qwq.ToolCall;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.function.Consumer;

/** A model that says what it was told to say, and remembers what was said to it. */
final class Script implements Conversation {
  private final Queue<Reply> replies = new ArrayDeque<>();
  private final List<Message> history = new ArrayList<>();

  static ToolCall call(String name, Object... keysAndValues) {
    Map<String, Object> arguments = new LinkedHashMap<>();
    for (int i = 0; i < keysAndValues.length; i += 2) {
      arguments.put((String) keysAndValues[i], keysAndValues[i + 1]);
    }
    return new ToolCall(name, arguments);
  }

  Script calls(ToolCall... calls) {
    replies.add(TestReplies.of("", FinishReason.TOOL_CALLS, calls));
    return this;
  }

  Script answers(String answer) {
    return ends(answer, FinishReason.STOP);
  }

  Script ends(String answer, FinishReason reason) {
    replies.add(TestReplies.of(answer, reason));
    return this;
  }

  AgentRun run(AgentOptions options, Tool... tools) {
    Map<String, Tool> byName = new LinkedHashMap<>();
    for (Tool tool : tools) {
      byName.put(tool.name(), tool);
    }
    return new AgentRun(this, byName, options, GenerationOptions.defaults());
  }

  AgentReply send(AgentOptions options, Tool... tools) {
    return run(options, tools).run(Message.user("hi"), event -> {});
  }

  /** What the tools told the model, in order. */
  List<String> results() {
    return history.stream().filter(m -> m.role() == Role.TOOL).map(Message::content).toList();
  }

  @Override
  public List<Message> history() {
    return history;
  }

  @Override
  public Reply reply(
      List<Message> messages,
      Consumer<ChatEvent> events,
      GenerationOptions generation,
      StopSignal stop) {
    history.addAll(messages);
    Reply reply = stop.isStopped() ? TestReplies.of("", FinishReason.CANCELLED) : replies.remove();
    for (ToolCall call : reply.toolCalls()) {
      events.accept(new ChatEvent.ToolCall(call));
    }
    events.accept(new ChatEvent.Done(reply.usage(), reply.finishReason()));
    history.add(new Message(Role.ASSISTANT, reply.answer(), "", reply.toolCalls()));
    return reply;
  }
}
