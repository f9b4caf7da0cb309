package dev.qwq.agent;

import static dev.qwq.agent.Script.call;
import static org.assertj.core.api.Assertions.assertThat;

import dev.qwq.Message;
import dev.qwq.Tool;
import dev.qwq.agent.AgentReply.End;
import dev.qwq.agent.ToolOutcome.Status;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** However an agent is stopped, its tools are interrupted and it returns at once. */
@Timeout(20)
class AgentStopTest {
  private final CountDownLatch running = new CountDownLatch(1);
  private final CountDownLatch interrupted = new CountDownLatch(1);
  private final Script script = new Script().calls(call("sleep"), call("quick")).answers("never");

  private final Tool sleep = Tool.of("sleep", "", Map.of(), m -> sleepUntilInterrupted());
  private final Tool quick = Tool.of("quick", "", Map.of(), m -> "ok");

  private String sleepUntilInterrupted() throws InterruptedException {
    running.countDown();
    try {
      Thread.sleep(60_000);
      return "late";
    } catch (InterruptedException e) {
      interrupted.countDown();
      throw e;
    }
  }

  private void assertStopped(AgentReply reply, End end) throws InterruptedException {
    assertThat(interrupted.await(10, TimeUnit.SECONDS)).isTrue();
    assertThat(reply.end()).isEqualTo(end);
    assertThat(reply.rounds()).hasSize(1);
    assertThat(reply.outcomes().get(0).status()).isEqualTo(Status.CANCELLED);
    assertThat(reply.outcomes().get(0).result().isError()).isTrue();
    assertThat(reply.duration()).isLessThan(Duration.ofSeconds(15));
  }

  @Test
  void byCancelling() throws Exception {
    AgentRun run = script.run(AgentOptions.defaults(), sleep, quick);
    Thread.ofVirtual()
        .start(
            () -> {
              awaitRunning();
              run.cancel();
            });
    assertStopped(run.run(Message.user("hi"), event -> {}), End.CANCELLED);
    assertThat(Thread.interrupted()).isFalse();
  }

  @Test
  void byTheClock() throws Exception {
    AgentOptions options = AgentOptions.builder().timeout(Duration.ofMillis(100)).build();
    assertStopped(script.send(options, sleep, quick), End.TIMED_OUT);
  }

  @Test
  void byInterruptingTheCaller() throws Exception {
    Thread caller = Thread.currentThread();
    Thread.ofVirtual()
        .start(
            () -> {
              awaitRunning();
              caller.interrupt();
            });
    AgentReply reply = script.send(AgentOptions.defaults(), sleep, quick);
    assertThat(Thread.interrupted()).isTrue();
    assertStopped(reply, End.CANCELLED);
  }

  @Test
  void byClosingTheStream() throws Exception {
    AgentRun run = script.run(AgentOptions.defaults(), sleep, quick);
    AgentStream stream = AgentStream.start(run, Message.user("hi"));
    running.await();
    stream.close();
    assertStopped(stream.reply(), End.CANCELLED);
    AgentEvent last = null;
    for (AgentEvent event : stream) {
      last = event;
    }
    assertThat(last).isEqualTo(new AgentEvent.Done(stream.reply()));
  }

  @Test
  void whileApprovalIsAsked() throws Exception {
    AgentOptions options =
        AgentOptions.builder()
            .timeout(Duration.ofMillis(100))
            .approval(
                (tool, call) -> {
                  sleepUntilInterrupted();
                  return ToolApproval.Decision.allow();
                })
            .build();
    AgentReply reply = script.send(options, sleep, quick);
    assertStopped(reply, End.TIMED_OUT);
    assertThat(reply.outcomes()).extracting(ToolOutcome::status).containsOnly(Status.CANCELLED);
  }

  private void awaitRunning() {
    try {
      running.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
