package dev.qwq.examples.service;

import dev.qwq.GenerationOptions;
import dev.qwq.Message;
import dev.qwq.ReplyStream;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.HashSet;
import java.util.Set;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.SmartLifecycle;
import org.springframework.http.HttpStatus;
import org.springframework.stereotype.Component;

/**
 * The replies being generated. When the service stops, they may go on for a while and are cancelled
 * then, so that every client still hears the end of its reply.
 */
@Component
final class Replies implements SmartLifecycle {
  private final ServiceProperties properties;
  private final ReplyMetrics metrics;
  private final Set<RunningReply> running = new HashSet<>(); // guarded by this
  private boolean accepting; // guarded by this

  Replies(ServiceProperties properties, ReplyMetrics metrics, MeterRegistry registry) {
    this.properties = properties;
    this.metrics = metrics;
    Gauge.builder("qwq.replies.running", this, Replies::count).register(registry);
  }

  /** Sends a message; close the reply, which cancels it if it has not ended. */
  synchronized RunningReply begin(
      Conversation conversation, Message message, GenerationOptions generation) {
    if (!accepting) {
      throw new ServiceException(HttpStatus.SERVICE_UNAVAILABLE, "the service is stopping");
    }
    RunningReply reply =
        new RunningReply(conversation, conversation.send(message, generation), this);
    running.add(reply);
    return reply;
  }

  /** A reply that a client waits for. */
  record RunningReply(Conversation conversation, ReplyStream stream, Replies replies)
      implements AutoCloseable {
    @Override
    public void close() {
      stream.close();
      conversation.replied();
      replies.ended(this);
    }
  }

  private synchronized void ended(RunningReply reply) {
    running.remove(reply);
    metrics.record(reply.stream());
    notifyAll();
  }

  synchronized int count() {
    return running.size();
  }

  @Override
  public synchronized void start() {
    accepting = true;
  }

  @Override
  public synchronized boolean isRunning() {
    return accepting;
  }

  /** Beside the web server, which stops accepting requests and waits for those it has. */
  @Override
  public int getPhase() {
    return WebServerApplicationContext.GRACEFUL_SHUTDOWN_PHASE;
  }

  @Override
  public void stop(Runnable whenStopped) {
    Thread.ofVirtual()
        .start(
            () -> {
              stop();
              whenStopped.run();
            });
  }

  @Override
  public synchronized void stop() {
    accepting = false;
    long deadline = System.nanoTime() + properties.shutdownGrace().toNanos();
    try {
      for (long left = 1; left > 0 && !running.isEmpty(); ) {
        left = (deadline - System.nanoTime()) / 1_000_000;
        wait(Math.max(1, left));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    running.forEach(reply -> reply.stream().cancel());
  }
}
