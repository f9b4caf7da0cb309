package dev.qwq.agent;

import dev.qwq.ChatEvent;
import dev.qwq.ToolCall;

/** What an {@link AgentStream} delivers, in the order it happens. */
public sealed interface AgentEvent {
  /**
   * The model reads, thinks, answers, or wants a call; {@link ChatEvent.Done} ends each of its
   * replies.
   *
   * @param round the number of the reply, from 1
   * @param event what it does
   */
  record Model(int round, ChatEvent event) implements AgentEvent {}

  /**
   * A tool begins to run.
   *
   * @param round the number of the reply, from 1
   * @param index the number of the call in the reply, from 0
   * @param call the call
   */
  record CallStarted(int round, int index, ToolCall call) implements AgentEvent {}

  /**
   * A call has ended, or is not run at all.
   *
   * @param round the number of the reply, from 1
   * @param index the number of the call in the reply, from 0
   * @param outcome what came of it
   */
  record CallEnded(int round, int index, ToolOutcome outcome) implements AgentEvent {}

  /**
   * The agent has stopped; always the last event.
   *
   * @param reply all that happened
   */
  record Done(AgentReply reply) implements AgentEvent {}
}
