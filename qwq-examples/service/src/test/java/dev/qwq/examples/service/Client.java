package dev.qwq.examples.service;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A user of the running service, over HTTP. */
final class Client implements AutoCloseable {
  private static final JsonMapper JSON = new JsonMapper();
  private static final Duration TIMEOUT = Duration.ofSeconds(60);

  private final HttpClient http = HttpClient.newHttpClient();
  private final URI root;
  private final String user;

  Client(int port, String user) {
    root = URI.create("http://localhost:" + port);
    this.user = user;
  }

  /** A Server-Sent Event. */
  record Event(String name, JsonNode data) {}

  HttpResponse<String> exchange(String method, String path, Object... body)
      throws IOException, InterruptedException {
    return http.send(request(method, path, body), BodyHandlers.ofString());
  }

  JsonNode get(String path) throws IOException, InterruptedException {
    HttpResponse<String> response = exchange("GET", path);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return JSON.readTree(response.body());
  }

  JsonNode post(String path, Object body) throws IOException, InterruptedException {
    HttpResponse<String> response = exchange("POST", path, body);
    assertThat(response.statusCode()).as(response.body()).isIn(200, 201);
    return JSON.readTree(response.body());
  }

  /** Begins a conversation and returns its path. */
  String newConversation() throws IOException, InterruptedException {
    return newConversation(Map.of());
  }

  String newConversation(Map<String, ?> body) throws IOException, InterruptedException {
    return "/conversations/" + post("/conversations", body).get("id").asString();
  }

  JsonNode send(String conversation, Map<String, ?> message)
      throws IOException, InterruptedException {
    return post(conversation + "/messages", message);
  }

  /** Sends a message and reads all events of the reply. */
  List<Event> events(String conversation, Map<String, ?> message)
      throws IOException, InterruptedException {
    return eventsUntil(conversation, message, event -> false);
  }

  /** Sends a message, reads events until one fits, and hangs up. */
  List<Event> eventsUntil(String conversation, Map<String, ?> message, Predicate<Event> last)
      throws IOException, InterruptedException {
    HttpResponse<Stream<String>> response =
        http.send(
            request("POST", conversation + "/messages/stream", message), BodyHandlers.ofLines());
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue("Content-Type"))
        .hasValueSatisfying(type -> assertThat(type).startsWith("text/event-stream"));
    List<Event> events = new ArrayList<>();
    try (Stream<String> lines = response.body()) {
      String[] name = {""};
      lines
          .takeWhile(line -> events.isEmpty() || !last.test(events.getLast()))
          .forEach(
              line -> {
                if (line.startsWith("event: ")) {
                  name[0] = line.substring(7);
                } else if (line.startsWith("data: ")) {
                  events.add(new Event(name[0], JSON.readTree(line.substring(6))));
                }
              });
    }
    return events;
  }

  /** Sends a message for a whole reply, and hangs up once the response has begun. */
  void sendAndLeave(String conversation, Map<String, ?> message)
      throws IOException, InterruptedException {
    HttpResponse<InputStream> response =
        http.send(
            request("POST", conversation + "/messages", message), BodyHandlers.ofInputStream());
    try (InputStream body = response.body()) {
      assertThat(body.read()).isEqualTo(' ');
    }
  }

  private HttpRequest request(String method, String path, Object... body) {
    return HttpRequest.newBuilder(root.resolve(path))
        .timeout(TIMEOUT)
        .header("X-User", user)
        .header("Content-Type", "application/json")
        .method(
            method,
            body.length == 0
                ? BodyPublishers.noBody()
                : BodyPublishers.ofString(
                    Arrays.stream(body).map(JSON::writeValueAsString).findFirst().orElseThrow()))
        .build();
  }

  /** Drops all connections, those in use, too. */
  void hangUp() {
    http.shutdownNow();
  }

  @Override
  public void close() {
    hangUp();
    http.close();
  }
}
