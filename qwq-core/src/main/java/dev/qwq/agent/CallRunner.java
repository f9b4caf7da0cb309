package dev.qwq.agent;

import dev.qwq.Tool;
import dev.qwq.ToolArgumentsException;
import dev.qwq.ToolCall;
import dev.qwq.ToolHandler;
import dev.qwq.ToolResult;
import dev.qwq.agent.ToolOutcome.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Runs the calls of one reply side by side. */
final class CallRunner {
  /** Whether a call is run. */
  private sealed interface Decided {
    record Run(ToolHandler handler) implements Decided {}

    record NotRun(ToolOutcome outcome) implements Decided {}
  }

  private final Map<String, Tool> tools;
  private final AgentOptions options;
  private final StopSignal stop;
  private final Consumer<AgentEvent> events;

  CallRunner(
      Map<String, Tool> tools, AgentOptions options, StopSignal stop, Consumer<AgentEvent> events) {
    this.tools = tools;
    this.options = options;
    this.stop = stop;
    this.events = events;
  }

  /** Runs calls and waits for all of them; if stopped, only until they are interrupted. */
  List<ToolOutcome> run(int round, List<ToolCall> calls) {
    List<Decided> all = new ArrayList<>();
    for (int i = 0; i < calls.size(); i++) {
      all.add(decide(calls.get(i), i));
    }
    List<CompletableFuture<ToolOutcome>> outcomes = new ArrayList<>();
    for (int i = 0; i < calls.size(); i++) {
      int index = i;
      CompletableFuture<ToolOutcome> outcome =
          switch (all.get(i)) {
            case Decided.Run run -> start(round, index, calls.get(i), run.handler());
            case Decided.NotRun ended -> CompletableFuture.completedFuture(ended.outcome());
          };
      outcomes.add(
          outcome.thenApply(
              ended -> {
                events.accept(new AgentEvent.CallEnded(round, index, ended));
                return ended;
              }));
    }
    stop.awaitAll(outcomes);
    return outcomes.stream().map(CompletableFuture::join).toList();
  }

  /** Ends calls that are not run. */
  List<ToolOutcome> skip(int round, List<ToolCall> calls, Status status, String message) {
    List<ToolOutcome> outcomes = new ArrayList<>();
    for (ToolCall call : calls) {
      ToolOutcome outcome = ToolOutcome.notRun(call, status, message);
      events.accept(new AgentEvent.CallEnded(round, outcomes.size(), outcome));
      outcomes.add(outcome);
    }
    return outcomes;
  }

  private Decided decide(ToolCall call, int index) {
    if (stop.isStopped()) {
      return new Decided.NotRun(cancelled(call, Duration.ZERO));
    }
    if (index >= options.maxCallsPerRound()) {
      return notRun(
          call, Status.OVER_LIMIT, "not run: at most " + options.maxCallsPerRound() + " calls");
    }
    Tool tool = tools.get(call.name());
    if (tool == null) {
      return notRun(
          call,
          Status.UNKNOWN_TOOL,
          "there is no tool \"" + call.name() + "\"; there are " + tools.keySet());
    }
    CompletableFuture<ToolApproval.Decision> decision =
        Job.start("qwq-approval", () -> options.approval().decide(tool, call));
    if (!stop.await(decision)) {
      return new Decided.NotRun(cancelled(call, Duration.ZERO));
    }
    ToolApproval.Decision decided = StopSignal.result(decision);
    return decided.allowed()
        ? new Decided.Run(tool.handler().orElseThrow())
        : notRun(call, Status.REFUSED, "the call was refused: " + decided.reason());
  }

  private CompletableFuture<ToolOutcome> start(
      int round, int index, ToolCall call, ToolHandler handler) {
    events.accept(new AgentEvent.CallStarted(round, index, call));
    long start = System.nanoTime();
    CompletableFuture<ToolOutcome> outcome =
        Job.start("qwq-tool-" + call.name(), () -> call(handler, call, start));
    Duration limit = options.callTimeout();
    ToolResult late =
        ToolResult.error("the tool did not answer within " + limit.toMillis() + " ms");
    outcome.completeOnTimeout(
        new ToolOutcome(call, Status.TIMED_OUT, late, limit, Optional.empty()),
        limit.toNanos(),
        TimeUnit.NANOSECONDS);
    stop.onStop(() -> outcome.complete(cancelled(call, since(start))));
    return outcome;
  }

  private static ToolOutcome call(ToolHandler handler, ToolCall call, long start) {
    try {
      ToolResult result = handler.call(call.arguments());
      Status status = result.isError() ? Status.FAILED : Status.SUCCEEDED;
      return new ToolOutcome(call, status, result, since(start), Optional.empty());
    } catch (ToolArgumentsException e) {
      ToolResult result = ToolResult.error("arguments of " + call.name() + ": " + e.getMessage());
      return new ToolOutcome(call, Status.INVALID_ARGUMENTS, result, since(start), Optional.of(e));
    } catch (Throwable e) {
      // Whatever a tool throws is its own failure, not the conversation's.
      String name = e.getClass().getSimpleName();
      String message = e.getMessage() == null ? name : name + ": " + e.getMessage();
      return new ToolOutcome(
          call, Status.FAILED, ToolResult.error(message), since(start), Optional.of(e));
    }
  }

  private static Decided notRun(ToolCall call, Status status, String message) {
    return new Decided.NotRun(ToolOutcome.notRun(call, status, message));
  }

  private static ToolOutcome cancelled(ToolCall call, Duration duration) {
    ToolResult result = ToolResult.error("the call was cancelled");
    return new ToolOutcome(call, Status.CANCELLED, result, duration, Optional.empty());
  }

  private static Duration since(long start) {
    return Duration.ofNanos(System.nanoTime() - start);
  }
}
