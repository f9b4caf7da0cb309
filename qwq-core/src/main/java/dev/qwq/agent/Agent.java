package dev.qwq.agent;

import dev.qwq.ErrorCode;
import dev.qwq.GenerationOptions;
import dev.qwq.Message;
import dev.qwq.QwqException;
import dev.qwq.Session;
import dev.qwq.Tool;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * A conversation in which the model's tool calls are run: their results are sent back until the
 * model answers without calls.
 *
 * <p>The calls of one reply run side by side, each on a virtual thread of its own; the model gets
 * the results in the order of its calls. Whatever goes wrong with a call (unknown tool, arguments
 * that do not match, an exception, too much time) is told to the model as the call's result, so
 * that it can try again, and recorded in the {@link AgentReply}. A tool that must stop is
 * interrupted; one that does not heed it runs on, and its result is dropped.
 *
 * <p>As with a session, one caller at a time.
 */
public final class Agent {
  private final Session session;
  private final AgentOptions options;
  private final Map<String, Tool> tools;

  private Agent(Session session, AgentOptions options) {
    this.session = Objects.requireNonNull(session, "session");
    this.options = Objects.requireNonNull(options, "options");
    tools = new LinkedHashMap<>();
    for (Tool tool : session.options().tools()) {
      if (tool.handler().isEmpty()) {
        throw new QwqException(
            ErrorCode.INVALID_ARGUMENT,
            "tool " + tool.name() + ": expected one with a handler, as Tool.of makes it");
      }
      if (tools.putIfAbsent(tool.name(), tool) != null) {
        throw new QwqException(
            ErrorCode.INVALID_ARGUMENT, "two tools have the name " + tool.name());
      }
    }
  }

  /**
   * Makes an agent with the default limits.
   *
   * @param session the conversation; its tools are run
   * @return the agent
   * @throws QwqException with {@code INVALID_ARGUMENT} if a tool has no handler or two have one
   *     name
   */
  public static Agent of(Session session) {
    return of(session, AgentOptions.defaults());
  }

  /**
   * Makes an agent.
   *
   * @param session the conversation; its tools are run
   * @param options limits and approval
   * @return the agent
   * @throws QwqException with {@code INVALID_ARGUMENT} if a tool has no handler or two have one
   *     name
   */
  public static Agent of(Session session, AgentOptions options) {
    return new Agent(session, options);
  }

  /**
   * Sends a message, runs all calls and waits for the answer.
   *
   * @param text what the user says; special tokens in it are ordinary text
   * @return what happened; cut short with {@link AgentReply.End#CANCELLED} if this thread is
   *     interrupted
   * @throws QwqException as {@link Session#stream(java.util.List, GenerationOptions)}
   */
  public AgentReply send(String text) {
    return send(text, session.options().generation());
  }

  /**
   * Sends a message, runs all calls and waits for the answer.
   *
   * @param text what the user says; special tokens in it are ordinary text
   * @param generation how the replies are generated
   * @return what happened; cut short with {@link AgentReply.End#CANCELLED} if this thread is
   *     interrupted
   * @throws QwqException as {@link Session#stream(java.util.List, GenerationOptions)}
   */
  public AgentReply send(String text, GenerationOptions generation) {
    return newRun(generation).run(Message.user(text), event -> {});
  }

  /**
   * Sends a message and streams all that happens.
   *
   * @param text what the user says; special tokens in it are ordinary text
   * @return events as they come; close it
   */
  public AgentStream stream(String text) {
    return stream(text, session.options().generation());
  }

  /**
   * Sends a message and streams all that happens.
   *
   * @param text what the user says; special tokens in it are ordinary text
   * @param generation how the replies are generated
   * @return events as they come; close it
   */
  public AgentStream stream(String text, GenerationOptions generation) {
    return AgentStream.start(newRun(generation), Message.user(text));
  }

  private AgentRun newRun(GenerationOptions generation) {
    return new AgentRun(new SessionConversation(session), tools, options, generation);
  }
}
