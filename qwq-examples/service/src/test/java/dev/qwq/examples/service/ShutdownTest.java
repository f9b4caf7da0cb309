package dev.qwq.examples.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qwq.ErrorCode;
import dev.qwq.Model;
import dev.qwq.QwqException;
import dev.qwq.examples.service.Client.Event;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** Stopping: replies end, or are cut short within the bound, and each client hears which. */
class ShutdownTest {
  /** Far more than a short reply of the tiny model takes. */
  private static final String LONG = "qwq.shutdown-grace=20s";

  private static Future<List<Event>> ask(
      ExecutorService executor, Service service, Client client, Map<String, ?> message)
      throws Exception {
    String conversation = client.newConversation();
    Future<List<Event>> events = executor.submit(() -> client.events(conversation, message));
    while (service.bean(Replies.class).count() == 0) {
      Thread.sleep(1);
    }
    return events;
  }

  private static String end(Future<List<Event>> events) throws Exception {
    return events.get().getLast().data().get("finishReason").asString();
  }

  private static void assertClosed(Model model) {
    assertThatThrownBy(model::newSession)
        .isInstanceOfSatisfying(
            QwqException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CLOSED));
  }

  @Test
  void aShortReplyEndsByItself() throws Exception {
    try (Service service = Service.startEndless(LONG);
        Client client = service.client("a");
        ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      Model model = service.bean(Model.class);
      var events = ask(executor, service, client, Map.of("text", "Think.", "maxTokens", 300));
      service.stop();
      assertThat(end(events)).isEqualTo("LENGTH");
      assertClosed(model);
    }
  }

  @Test
  void aLongReplyIsCutShort() throws Exception {
    try (Service service = Service.startEndless("qwq.shutdown-grace=50ms");
        Client client = service.client("a");
        ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      Model model = service.bean(Model.class);
      var events = ask(executor, service, client, Map.of("text", "Think."));
      long start = System.nanoTime();
      service.stop();
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));
      assertThat(end(events)).isEqualTo("CANCELLED");
      assertClosed(model);
    }
  }
}
