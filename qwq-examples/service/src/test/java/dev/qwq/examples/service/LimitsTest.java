package dev.qwq.examples.service;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A full service says so, and when to come again. */
class LimitsTest {
  private static final Map<String, String> MESSAGE = Map.of("text", "Think of something.");

  private static Service service;

  @BeforeAll
  static void start() {
    service =
        Service.startEndless(
            "qwq.max-replies=1",
            "qwq.max-queued=1",
            "qwq.max-conversations-per-user=2",
            "qwq.max-conversations=6",
            "qwq.idle-expiry=30m",
            "qwq.heartbeat=50ms",
            "qwq.retry-after=7s");
  }

  @AfterAll
  static void stop() {
    service.close();
  }

  private static void assertRefused(HttpResponse<String> response, int status) {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
    assertThat(response.headers().firstValue("Retry-After")).hasValue("7");
  }

  @Test
  void aFullQueueIsUnavailable() throws Exception {
    try (Client first = service.client("a");
        Client second = service.client("b");
        Client third = service.client("c");
        ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Client client : new Client[] {first, second}) {
        String conversation = client.newConversation();
        var _ = executor.submit(() -> client.events(conversation, MESSAGE));
      }
      while (service.bean(Replies.class).count() < 2) {
        Thread.sleep(1);
      }
      HttpResponse<String> response =
          third.exchange("POST", third.newConversation() + "/messages", MESSAGE);
      assertThat(response.statusCode()).isEqualTo(503);
      assertThat(response.body()).contains("QUEUE_FULL");
      // The wait is known once a reply has ended, which another test may have seen to.
      assertThat(response.headers().firstValue("Retry-After"))
          .hasValueSatisfying(seconds -> assertThat(Integer.parseInt(seconds)).isBetween(1, 7));
      first.hangUp();
      second.hangUp();
    }
    service.bean(Conversations.class).close();
  }

  @Test
  void usersHaveSoManyConversations() throws Exception {
    try (Client client = service.client("d")) {
      client.newConversation();
      client.newConversation();
      assertRefused(client.exchange("POST", "/conversations", Map.of()), 429);
    }
    service.bean(Conversations.class).close();
  }

  @Test
  void theServiceHoldsSoManyConversationsAndForgetsIdleOnes() throws Exception {
    for (int i = 0; i < 3; i++) {
      try (Client client = service.client("e" + i)) {
        client.newConversation();
        client.newConversation();
      }
    }
    try (Client client = service.client("f")) {
      assertRefused(client.exchange("POST", "/conversations", Map.of()), 503);
      service.bean(Service.Clock.class).advance(Duration.ofMinutes(30));
      service.bean(Conversations.class).expire();
      assertRefused(client.exchange("POST", "/conversations", Map.of()), 503);
      service.bean(Service.Clock.class).advance(Duration.ofNanos(1));
      service.bean(Conversations.class).expire();
      client.newConversation();
    }
    service.bean(Conversations.class).close();
  }
}
