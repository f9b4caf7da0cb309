package dev.qwq.examples.service;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qwq.examples.service.Client.Event;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** What users do, over HTTP. */
class ChatTest {
  private static final String STRAWBERRY = "How many r's are in the word \"strawberry\"?";

  private static Service service;
  private static Client ann;

  @BeforeAll
  static void start() {
    service = Service.start("qwq.max-conversations-per-user=30");
    ann = service.client("ann");
  }

  @AfterAll
  static void stop() {
    ann.close();
    service.close();
  }

  private static Map<String, Object> message(String text) {
    return Map.of("text", text, "temperature", 0);
  }

  private static String joined(List<Event> events, String name) {
    StringBuilder text = new StringBuilder();
    events.stream()
        .filter(event -> event.name().equals(name))
        .forEach(event -> text.append(event.data().get("text").asString()));
    return text.toString();
  }

  @Test
  void aMessageIsAnswered() throws Exception {
    String conversation = ann.newConversation();
    JsonNode reply = ann.send(conversation, message(STRAWBERRY));
    assertThat(reply.get("answer").asString()).contains("3");
    assertThat(reply.get("reasoning").asString()).isNotEmpty();
    assertThat(reply.get("finishReason").asString()).isEqualTo("STOP");
    assertThat(reply.get("usage").get("thinkingTokens").asInt()).isPositive();
    JsonNode messages = ann.get(conversation).get("messages");
    assertThat(messages).hasSize(2);
    assertThat(messages.get(0).get("content").asString()).isEqualTo(STRAWBERRY);
    assertThat(messages.get(1).get("content")).isEqualTo(reply.get("answer"));
  }

  @Test
  void eventsTellTheSameReplyAsItComes() throws Exception {
    JsonNode whole = ann.send(ann.newConversation(), message(STRAWBERRY));
    List<Event> events = ann.events(ann.newConversation(), message(STRAWBERRY));
    List<String> kinds = new ArrayList<>();
    for (Event event : events) {
      if (kinds.isEmpty() || !kinds.getLast().equals(event.name())) {
        kinds.add(event.name());
      }
    }
    assertThat(kinds).containsExactly("progress", "reasoning", "answer", "done");
    assertThat(joined(events, "reasoning")).isEqualTo(whole.get("reasoning").asString());
    assertThat(joined(events, "answer")).isEqualTo(whole.get("answer").asString());
    JsonNode done = events.getLast().data();
    assertThat(done.get("finishReason").asString()).isEqualTo("STOP");
    assertThat(done.get("usage").get("answerTokens"))
        .isEqualTo(whole.get("usage").get("answerTokens"));
  }

  @Test
  void toolCallsAreEventsAndTheirResultsMessages() throws Exception {
    String conversation =
        ann.newConversation(
            Map.of(
                "tools",
                List.of(
                    Map.of(
                        "name",
                        "get_weather",
                        "description",
                        "Get the weather of a city.",
                        "parameters",
                        Map.of(
                            "type",
                            "object",
                            "properties",
                            Map.of("city", Map.of("type", "string")),
                            "required",
                            List.of("city"))))));
    List<Event> events = ann.events(conversation, message("What is the weather in Paris?"));
    Event call = events.get(events.size() - 2);
    assertThat(call.name()).isEqualTo("toolCall");
    assertThat(call.data().get("call").get("name").asString()).isEqualTo("get_weather");
    assertThat(call.data().get("call").get("arguments").get("city").asString()).isEqualTo("Paris");
    assertThat(events.getLast().data().get("finishReason").asString()).isEqualTo("TOOL_CALLS");
    Map<String, Object> result =
        new HashMap<>(message("{\"temperature\": 21, \"sky\": \"sunny\"}"));
    result.put("role", "tool");
    assertThat(ann.send(conversation, result).get("answer").asString()).contains("21");
  }

  @Test
  void conversationsBelongToTheirUsers() throws Exception {
    try (Client bob = service.client("bob")) {
      String conversation = bob.newConversation();
      assertThat(bob.get("/conversations")).hasSize(1);
      assertThat(ann.exchange("GET", conversation).statusCode()).isEqualTo(404);
      assertThat(ann.exchange("POST", conversation + "/messages", message("hi")).statusCode())
          .isEqualTo(404);
      assertThat(ann.exchange("DELETE", conversation).statusCode()).isEqualTo(404);
      assertThat(bob.exchange("DELETE", conversation).statusCode()).isEqualTo(204);
      assertThat(bob.get("/conversations")).isEmpty();
      assertThat(bob.exchange("GET", conversation).statusCode()).isEqualTo(404);
    }
  }

  @Test
  void manyUsersAtOnceGetWhatTheyGetAlone() throws Exception {
    record Question(String text, long seed) {
      JsonNode ask(Client user) throws Exception {
        Map<String, Object> body = Map.of("text", text, "temperature", 0.8, "seed", seed);
        JsonNode reply = user.send(user.newConversation(), body);
        return reply.get("answer");
      }
    }
    List<Question> questions = new ArrayList<>();
    for (int i = 0; i < 24; i++) {
      questions.add(new Question("What is %d + %d?".formatted(17 * i, 900 - i), i));
    }
    List<JsonNode> alone = new ArrayList<>();
    for (Question question : questions) {
      try (Client user = service.client("alone-" + question.seed())) {
        alone.add(question.ask(user));
      }
    }
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<JsonNode>> together = new ArrayList<>();
      for (Question question : questions) {
        Callable<JsonNode> ask =
            () -> {
              try (Client user = service.client("together-" + question.seed())) {
                return question.ask(user);
              }
            };
        together.add(executor.submit(ask));
      }
      for (int i = 0; i < questions.size(); i++) {
        assertThat(together.get(i).get()).isEqualTo(alone.get(i));
      }
    }
  }

  @Test
  void mistakesAreNamed() throws Exception {
    String conversation = ann.newConversation();
    HttpResponse<String> negative =
        ann.exchange("POST", conversation + "/messages", Map.of("text", "hi", "temperature", -1));
    assertThat(negative.statusCode()).isEqualTo(400);
    assertThat(negative.body()).contains("temperature", "INVALID_ARGUMENT");
    HttpResponse<String> tooLong =
        ann.exchange("POST", conversation + "/messages", message("word ".repeat(100_000)));
    assertThat(tooLong.statusCode()).isEqualTo(422);
    assertThat(tooLong.body()).contains("CONTEXT_EXCEEDED");
    assertThat(ann.get(conversation).get("messages")).isEmpty();
  }

  @Test
  void healthAndMetricsAreThere() throws Exception {
    ann.send(ann.newConversation(), message("What is 1 + 1?"));
    assertThat(ann.get("/actuator/health/liveness").get("status").asString()).isEqualTo("UP");
    JsonNode ready = ann.get("/actuator/health/readiness");
    assertThat(ready.get("components").get("model").get("details").get("architecture").asString())
        .isEqualTo("qwen2");
    assertThat(ann.get("/actuator/metrics/qwq.tokens?tag=kind:thinking").toString())
        .contains("COUNT");
    assertThat(ann.exchange("GET", "/actuator/prometheus").body())
        .contains("qwq_replies_total{end=\"stop\"}", "qwq_first_token_seconds_count");
  }
}
