package dev.qwq.examples.service;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qwq.examples.service.Client.Event;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Replies that would go on to the end of the context, and end because nobody wants them. */
class CancellationTest {
  private static final Map<String, String> MESSAGE = Map.of("text", "Think of something.");

  /** A heartbeat, 200 ms for the step in flight, and much for a busy machine. */
  private static final Duration SOON = Duration.ofSeconds(10);

  private static Service service;

  @BeforeAll
  static void start() {
    service = Service.startEndless("qwq.heartbeat=50ms");
  }

  @AfterAll
  static void stop() {
    service.close();
  }

  private static double cancelled() {
    return service.counter("qwq.replies", "end", "cancelled");
  }

  @Test
  void aClientThatLeavesItsEventsStopsTheComputation() throws Exception {
    double before = cancelled();
    try (Client client = service.client("a")) {
      String conversation = client.newConversation();
      client.eventsUntil(conversation, MESSAGE, event -> event.name().equals("reasoning"));
      client.hangUp();
      service.awaitQuiet(SOON);
    }
    assertThat(cancelled()).isEqualTo(before + 1);
  }

  @Test
  void aClientThatLeavesAWholeReplyStopsTheComputation() throws Exception {
    double before = cancelled();
    try (Client client = service.client("b")) {
      client.sendAndLeave(client.newConversation(), MESSAGE);
      client.hangUp();
      service.awaitQuiet(SOON);
    }
    assertThat(cancelled()).isEqualTo(before + 1);
  }

  @Test
  void deletingAConversationEndsItsReply() throws Exception {
    try (Client client = service.client("c");
        Client other = service.client("c");
        ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      String conversation = client.newConversation();
      Future<List<Event>> events = executor.submit(() -> client.events(conversation, MESSAGE));
      while (service.bean(Replies.class).count() == 0) {
        Thread.sleep(1);
      }
      assertThat(other.exchange("POST", conversation + "/messages", MESSAGE).statusCode())
          .as("a second message while the first is answered")
          .isEqualTo(409);
      assertThat(other.exchange("DELETE", conversation).statusCode()).isEqualTo(204);
      assertThat(events.get().getLast().data().get("finishReason").asString())
          .isEqualTo("CANCELLED");
    }
  }
}
