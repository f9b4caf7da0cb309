package dev.qwq.agent;

import static dev.qwq.agent.Script.call;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qwq.FinishReason;
import dev.qwq.Message;
import dev.qwq.Tool;
import dev.qwq.ToolCall;
import dev.qwq.ToolResult;
import dev.qwq.agent.AgentReply.End;
import dev.qwq.agent.ToolOutcome.Status;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The rounds of an agent, with a model that says what it was told to say. */
@Timeout(20)
class AgentRunTest {
  private static final AgentOptions DEFAULTS = AgentOptions.defaults();

  record Count(int n) {
    Count {
      if (n < 0) {
        throw new IllegalArgumentException("n must not be negative");
      }
    }
  }

  private static final Tool TWICE = Tool.of("twice", "", Count.class, c -> 2 * c.n());

  private final Script script = new Script();

  @Test
  void sendsResultsUntilTheModelAnswers() {
    script.calls(call("twice", "n", 1)).calls(call("twice", "n", 2)).answers("done");
    AgentReply reply = script.send(DEFAULTS, TWICE);
    assertThat(reply.end()).isEqualTo(End.ANSWERED);
    assertThat(reply.answer()).isEqualTo("done");
    assertThat(reply.rounds()).hasSize(3);
    assertThat(reply.rounds().getLast().outcomes()).isEmpty();
    assertThat(script.results()).containsExactly("2", "4");
    ToolOutcome outcome = reply.outcomes().get(1);
    assertThat(outcome.call()).isEqualTo(call("twice", "n", 2));
    assertThat(outcome.status()).isEqualTo(Status.SUCCEEDED);
    assertThat(outcome.result().value()).contains(4);
    assertThat(outcome.duration()).isPositive().isLessThanOrEqualTo(reply.duration());
  }

  @Test
  void callsRunSideBySideAndResultsKeepTheirOrder() {
    CyclicBarrier both = new CyclicBarrier(2);
    CountDownLatch second = new CountDownLatch(1);
    Tool tool =
        Tool.of(
            "t",
            "",
            Count.class,
            c -> {
              both.await(10, TimeUnit.SECONDS);
              if (c.n() == 2) {
                second.countDown();
              } else {
                second.await();
              }
              return c.n();
            });
    script.calls(call("t", "n", 1), call("t", "n", 2)).answers("");
    List<AgentEvent> events = Collections.synchronizedList(new ArrayList<>());
    AgentReply reply = script.run(DEFAULTS, tool).run(Message.user("hi"), events::add);
    assertThat(reply.outcomes()).extracting(ToolOutcome::status).containsOnly(Status.SUCCEEDED);
    assertThat(script.results()).containsExactly("1", "2");
    assertThat(events)
        .extracting(event -> event.getClass().getSimpleName())
        .containsExactly(
            "Model",
            "Model",
            "Model",
            "CallStarted",
            "CallStarted",
            "CallEnded",
            "CallEnded",
            "Model",
            "Done");
    assertThat(events.get(8)).isEqualTo(new AgentEvent.Done(reply));
  }

  @Test
  void whatIsWrongWithACallIsToldToTheModel() {
    Tool broken =
        Tool.of(
            "broken",
            "",
            Count.class,
            c -> {
              throw new IOException("no route");
            });
    Tool refusing = Tool.of("refusing", "", Map.of(), m -> ToolResult.error("come back later"));
    script
        .calls(
            call("thrice", "n", 1),
            call("twice", "n", "1"),
            call("twice", "n", -1),
            call("broken", "n", 1),
            call("refusing"),
            call("twice", "n", 5))
        .answers("sorry");
    AgentReply reply = script.send(DEFAULTS, TWICE, broken, refusing);
    assertThat(script.results())
        .containsExactly(
            "{\"error\": \"there is no tool \\\"thrice\\\"; there are [twice, broken, refusing]\"}",
            "{\"error\": \"arguments of twice: n: expected integer, found \\\"1\\\"\"}",
            "{\"error\": \"arguments of twice: Count: n must not be negative\"}",
            "{\"error\": \"IOException: no route\"}",
            "{\"error\": \"come back later\"}",
            "10");
    assertThat(reply.outcomes())
        .extracting(ToolOutcome::status)
        .containsExactly(
            Status.UNKNOWN_TOOL,
            Status.INVALID_ARGUMENTS,
            Status.INVALID_ARGUMENTS,
            Status.FAILED,
            Status.FAILED,
            Status.SUCCEEDED);
    assertThat(reply.outcomes().get(3).failure().orElseThrow()).isInstanceOf(IOException.class);
    assertThat(reply.end()).isEqualTo(End.ANSWERED);
  }

  @Test
  void aBrokenCallIsToldToTheModel() {
    script.answers("<tool_call>\n{\"name\": \"twice\", \"argum").answers("<tool_call> is a marker");
    AgentReply reply = script.send(DEFAULTS, TWICE);
    assertThat(reply.outcomes()).extracting(ToolOutcome::status).containsExactly(Status.MALFORMED);
    assertThat(script.results())
        .singleElement()
        .asString()
        .contains("expected one JSON object", "{\\\"name\\\": \\\"twice\\\", \\\"argum");
    assertThat(reply.answer()).isEqualTo("<tool_call> is a marker");
  }

  @Test
  void aCallThatTakesTooLongIsInterrupted() throws Exception {
    CountDownLatch interrupted = new CountDownLatch(1);
    Tool slow =
        Tool.of(
            "slow",
            "",
            Map.of(),
            m -> {
              try {
                Thread.sleep(60_000);
                return "late";
              } catch (InterruptedException e) {
                interrupted.countDown();
                throw e;
              }
            });
    script.calls(call("slow"), call("twice", "n", 1)).answers("ok");
    AgentReply reply =
        script.send(AgentOptions.builder().callTimeout(Duration.ofMillis(50)).build(), slow, TWICE);
    assertThat(interrupted.await(10, TimeUnit.SECONDS)).isTrue();
    assertThat(reply.end()).isEqualTo(End.ANSWERED);
    assertThat(reply.outcomes())
        .extracting(ToolOutcome::status)
        .containsExactly(Status.TIMED_OUT, Status.SUCCEEDED);
    assertThat(script.results())
        .containsExactly("{\"error\": \"the tool did not answer within 50 ms\"}", "2");
  }

  @Test
  void aToolThatDoesNotHeedItsInterruptDelaysNobody() {
    CountDownLatch release = new CountDownLatch(1);
    Tool stubborn =
        Tool.of(
            "stubborn",
            "",
            Map.of(),
            m -> {
              while (release.getCount() > 0) {
                try {
                  release.await();
                } catch (InterruptedException e) {
                  // once more
                }
              }
              return "late";
            });
    script.calls(call("stubborn")).answers("ok");
    AgentReply reply =
        script.send(AgentOptions.builder().callTimeout(Duration.ofMillis(50)).build(), stubborn);
    release.countDown();
    assertThat(reply.outcomes().getFirst().status()).isEqualTo(Status.TIMED_OUT);
    assertThat(reply.answer()).isEqualTo("ok");
  }

  @Test
  void callsAboveTheLimitAreNotRun() {
    AtomicInteger runs = new AtomicInteger();
    Tool counting = Tool.of("t", "", Map.of(), m -> runs.incrementAndGet());
    script.calls(call("t"), call("t"), call("t")).answers("ok");
    AgentReply reply = script.send(AgentOptions.builder().maxCallsPerRound(2).build(), counting);
    assertThat(runs).hasValue(2);
    assertThat(reply.outcomes().get(2).status()).isEqualTo(Status.OVER_LIMIT);
    assertThat(script.results().get(2)).contains("at most 2 calls");
  }

  @Test
  void afterTheLastRoundTheModelIsToldToAnswer() {
    ToolCall call = call("twice", "n", 1);
    AgentOptions two = AgentOptions.builder().maxRounds(2).build();
    script.calls(call).calls(call).calls(call).answers("ok");
    AgentReply reply = script.send(two, TWICE);
    assertThat(reply.end()).isEqualTo(End.ANSWERED);
    assertThat(reply.outcomes())
        .extracting(ToolOutcome::status)
        .containsExactly(Status.SUCCEEDED, Status.SUCCEEDED, Status.OVER_LIMIT);
    assertThat(script.results().getLast()).contains("answer with what is known");

    Script stubborn = new Script().calls(call).calls(call).calls(call).calls(call);
    AgentReply cut = stubborn.send(two, TWICE);
    assertThat(cut.end()).isEqualTo(End.ROUND_LIMIT);
    assertThat(cut.rounds()).hasSize(4);
    assertThat(stubborn.results()).hasSize(3);
  }

  @Test
  void callsWithoutResultsGetOneBeforeTheNextMessage() {
    ToolCall call = call("twice", "n", 1);
    AgentOptions one = AgentOptions.builder().maxRounds(1).build();
    script.calls(call).calls(call).calls(call, call).answers("ok");
    assertThat(script.send(one, TWICE).end()).isEqualTo(End.ROUND_LIMIT);
    assertThat(script.send(one, TWICE).end()).isEqualTo(End.ANSWERED);
    List<Message> history = script.history();
    assertThat(history.subList(history.size() - 4, history.size()))
        .containsExactly(
            Message.tool("{\"error\": \"the call was stopped\"}"),
            Message.tool("{\"error\": \"the call was stopped\"}"),
            Message.user("hi"),
            Message.assistant("ok"));
  }

  @Test
  void aCutReplySaysSo() {
    assertThat(script.ends("partial", FinishReason.LENGTH).send(DEFAULTS, TWICE).end())
        .isEqualTo(End.LENGTH);
  }

  @Test
  void approvalDecidesOneCallAfterTheOther() {
    List<String> asked = new ArrayList<>();
    AgentOptions options =
        AgentOptions.builder()
            .approval(
                (tool, wanted) -> {
                  asked.add(tool.name() + wanted.arguments());
                  return wanted.equals(call("twice", "n", 1))
                      ? ToolApproval.Decision.allow()
                      : ToolApproval.Decision.refuse("too much");
                })
            .build();
    script.calls(call("twice", "n", 1), call("nix"), call("twice", "n", 2)).answers("ok");
    AgentReply reply = script.send(options, TWICE);
    assertThat(asked).containsExactly("twice{n=1}", "twice{n=2}");
    assertThat(reply.outcomes())
        .extracting(ToolOutcome::status)
        .containsExactly(Status.SUCCEEDED, Status.UNKNOWN_TOOL, Status.REFUSED);
    assertThat(script.results().get(2)).contains("refused: too much");
  }

  @Test
  void aFailingApprovalFailsTheRun() {
    AgentOptions options =
        AgentOptions.builder()
            .approval(
                (tool, call) -> {
                  throw new IllegalStateException("no window");
                })
            .build();
    script.calls(call("twice", "n", 1));
    assertThatThrownBy(() -> script.send(options, TWICE))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("no window");
  }
}
