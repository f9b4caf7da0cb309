package dev.qwq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qwq.agent.Agent;
import dev.qwq.agent.AgentEvent;
import dev.qwq.agent.AgentOptions;
import dev.qwq.agent.AgentReply;
import dev.qwq.agent.AgentStream;
import dev.qwq.agent.ToolOutcome;
import dev.qwq.schema.Description;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** An agent with a real model. */
class AgentTest {
  private static final String QUESTION = "What is the weather in Paris?";

  private static Model model;

  record City(String city) {}

  record Weather(int temperature, String sky) {}

  static final class Service {
    @ToolMethod("get_weather")
    @Description("Get the weather of a city.")
    Weather weather(String city) {
      return new Weather(city.length() + 16, "sunny");
    }
  }

  @BeforeAll
  static void open() {
    model = TinyModel.open();
  }

  @AfterAll
  static void close() {
    model.close();
  }

  private static Session session(List<Tool> tools) {
    return model.newSession(
        SessionOptions.builder().tools(tools).generation(TinyModel.greedy()).build());
  }

  @Test
  void callsToolsUntilItKnowsTheAnswer() {
    try (Session session = session(Tools.of(new Service()))) {
      Agent agent = Agent.of(session);
      AgentReply reply = agent.send(QUESTION);
      assertThat(reply.end()).isEqualTo(AgentReply.End.ANSWERED);
      assertThat(reply.rounds()).hasSize(2);
      ToolOutcome outcome = reply.outcomes().getFirst();
      assertThat(outcome.call()).isEqualTo(new ToolCall("get_weather", Map.of("city", "Paris")));
      assertThat(outcome.result().value()).contains(new Weather(21, "sunny"));
      assertThat(reply.answer()).contains("21", "sunny");
      assertThat(session.history())
          .extracting(Message::role)
          .containsExactly(Role.USER, Role.ASSISTANT, Role.TOOL, Role.ASSISTANT);
      assertThat(session.history().get(2).content())
          .isEqualTo("{\"temperature\": 21, \"sky\": \"sunny\"}");
      assertThat(agent.send("What is the weather in Oslo?").answer()).contains("20");
    }
  }

  @Test
  void streamsAllThatHappens() {
    Tool weather =
        Tool.of("get_weather", "Get the weather.", City.class, c -> new Weather(7, "rainy"));
    try (Session session = session(List.of(weather));
        AgentStream stream = Agent.of(session).stream(QUESTION)) {
      List<String> kinds = new ArrayList<>();
      StringBuilder answer = new StringBuilder();
      for (AgentEvent event : stream) {
        String kind =
            switch (event) {
              case AgentEvent.Model m -> m.round() + m.event().getClass().getSimpleName();
              case AgentEvent.CallStarted c -> "start " + c.call().name();
              case AgentEvent.CallEnded c -> "end " + c.outcome().status();
              case AgentEvent.Done d -> "done " + d.reply().end();
            };
        if (kinds.isEmpty() || !kinds.getLast().equals(kind)) {
          kinds.add(kind);
        }
        if (event instanceof AgentEvent.Model(int round, ChatEvent.Answer a)) {
          answer.append(a.text());
        }
      }
      assertThat(kinds)
          .containsExactly(
              "1Progress",
              "1Reasoning",
              "1ToolCall",
              "1Done",
              "start get_weather",
              "end SUCCEEDED",
              "2Progress",
              "2Reasoning",
              "2Answer",
              "2Done",
              "done ANSWERED");
      assertThat(answer).asString().isEqualTo(stream.reply().answer()).contains("7", "rainy");
    }
  }

  @Test
  void closingTheStreamStopsTheModel() {
    try (Session session = session(Tools.of(new Service()))) {
      AgentStream stream = Agent.of(session).stream(QUESTION);
      assertThat(stream.iterator().hasNext()).isTrue();
      stream.close();
      assertThat(stream.reply().end()).isIn(AgentReply.End.CANCELLED, AgentReply.End.ANSWERED);
      // The session is free again.
      assertThat(session.send("What is 12 + 30?", TinyModel.greedy()).answer()).contains("42");
    }
  }

  @Test
  void theClockStopsTheModel() {
    AgentOptions options = AgentOptions.builder().timeout(Duration.ofNanos(1)).build();
    try (Session session = session(Tools.of(new Service()))) {
      AgentReply reply = Agent.of(session, options).send(QUESTION);
      assertThat(reply.end()).isEqualTo(AgentReply.End.TIMED_OUT);
      assertThat(reply.reply().finishReason()).isEqualTo(FinishReason.CANCELLED);
    }
  }

  @Test
  void whatTheModelCannotDoFailsTheAgent() {
    Session session = session(Tools.of(new Service()));
    session.close();
    Agent agent = Agent.of(session);
    assertThatThrownBy(() -> agent.send("hi")).isInstanceOf(QwqException.class);
    try (AgentStream stream = agent.stream("hi")) {
      assertThatThrownBy(() -> stream.iterator().hasNext())
          .isInstanceOf(QwqException.class)
          .extracting(e -> ((QwqException) e).code())
          .isEqualTo(ErrorCode.CLOSED);
      assertThatThrownBy(stream::reply).isInstanceOf(QwqException.class);
    }
  }

  @Test
  void onlyToolsThatCanBeRun() {
    try (Session session = session(List.of(new Tool("t", "", Map.of())))) {
      assertThatThrownBy(() -> Agent.of(session)).hasMessageContainingAll("tool t", "handler");
    }
    Tool tool = Tool.of("t", "", Map.of(), m -> "");
    try (Session session = session(List.of(tool, tool))) {
      assertThatThrownBy(() -> Agent.of(session)).hasMessageContaining("the name t");
    }
    assertThatThrownBy(() -> AgentOptions.builder().maxRounds(0).build())
        .hasMessage("maxRounds: expected above 0, found 0");
  }
}
