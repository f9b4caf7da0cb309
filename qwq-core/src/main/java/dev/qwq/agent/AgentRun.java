package dev.qwq.agent;

import dev.qwq.FinishReason;
import dev.qwq.GenerationOptions;
import dev.qwq.Message;
import dev.qwq.Reply;
import dev.qwq.Role;
import dev.qwq.Tool;
import dev.qwq.ToolCall;
import dev.qwq.ToolResult;
import dev.qwq.agent.AgentReply.End;
import dev.qwq.agent.ToolOutcome.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** The rounds of one message. Used once. */
final class AgentRun {
  private final Conversation conversation;
  private final Map<String, Tool> tools;
  private final AgentOptions options;
  private final GenerationOptions generation;
  private final StopSignal stop;
  private final long start = System.nanoTime();

  AgentRun(
      Conversation conversation,
      Map<String, Tool> tools,
      AgentOptions options,
      GenerationOptions generation) {
    this.conversation = conversation;
    this.tools = tools;
    this.options = options;
    this.generation = generation;
    stop = new StopSignal(options.timeout());
  }

  /** Stops all at once; what is done so far counts. May be called by any thread. */
  void cancel() {
    stop.stop(End.CANCELLED);
  }

  /** Runs to the end. */
  AgentReply run(Message message, Consumer<AgentEvent> events) {
    try {
      List<Message> messages = unansweredCalls();
      messages.add(message);
      AgentReply reply = rounds(messages, events);
      events.accept(new AgentEvent.Done(reply));
      return reply;
    } finally {
      stop.disarm();
      stop.restoreInterrupt();
    }
  }

  private AgentReply rounds(List<Message> messages, Consumer<AgentEvent> events) {
    CallRunner runner = new CallRunner(tools, options, stop, events);
    List<AgentRound> rounds = new ArrayList<>();
    List<Message> next = messages;
    while (true) {
      long began = System.nanoTime();
      int round = rounds.size() + 1;
      Reply reply =
          conversation.reply(
              next, event -> events.accept(new AgentEvent.Model(round, event)), generation, stop);
      if (reply.finishReason() == FinishReason.CANCELLED) {
        stop.stop(End.CANCELLED); // by somebody else, unless it was the clock
      }
      List<ToolOutcome> outcomes = outcomes(runner, round, reply);
      rounds.add(new AgentRound(reply, outcomes, since(began)));
      Optional<End> end = end(round, reply, outcomes);
      if (end.isPresent()) {
        return new AgentReply(rounds, end.get(), since(start));
      }
      next = outcomes.stream().map(outcome -> Message.tool(outcome.result().text())).toList();
    }
  }

  private List<ToolOutcome> outcomes(CallRunner runner, int round, Reply reply) {
    List<ToolCall> calls = reply.toolCalls();
    if (stop.isStopped()) {
      return runner.skip(round, calls, Status.CANCELLED, "the call was cancelled");
    }
    if (round > options.maxRounds()) {
      return runner.skip(
          round,
          calls,
          Status.OVER_LIMIT,
          "not run: no more calls are possible; answer with what is known");
    }
    List<ToolOutcome> outcomes = new ArrayList<>(runner.run(round, calls));
    MalformedCalls.in(reply.answer()).forEach(outcomes::add);
    return outcomes;
  }

  private Optional<End> end(int round, Reply reply, List<ToolOutcome> outcomes) {
    boolean cancelled = reply.finishReason() == FinishReason.CANCELLED;
    if (cancelled || (stop.isStopped() && !outcomes.isEmpty())) {
      return stop.reason();
    }
    if (outcomes.isEmpty()) {
      return Optional.of(reply.finishReason() == FinishReason.LENGTH ? End.LENGTH : End.ANSWERED);
    }
    return round > options.maxRounds() + 1 ? Optional.of(End.ROUND_LIMIT) : Optional.empty();
  }

  /**
   * Results for calls of the last reply that got none: an agent was stopped, or a limit reached.
   */
  private List<Message> unansweredCalls() {
    List<Message> messages = new ArrayList<>();
    List<Message> history = conversation.history();
    if (!history.isEmpty() && history.getLast().role() == Role.ASSISTANT) {
      String text = ToolResult.error("the call was stopped").text();
      history.getLast().toolCalls().forEach(call -> messages.add(Message.tool(text)));
    }
    return messages;
  }

  private static Duration since(long start) {
    return Duration.ofNanos(System.nanoTime() - start);
  }
}
