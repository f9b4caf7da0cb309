package dev.qwq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qwq.schema.JsonType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Answers in a format, written by the tiny model, which knows nothing of formats. */
class OutputFormatTest {
  enum Sky {
    CLEAR,
    CLOUDY,
    RAIN
  }

  record Weather(String city, int celsius, Sky sky, Optional<List<Boolean>> dry) {}

  sealed interface Shape {
    record Circle(double radius) implements Shape {}

    record Square(long side, boolean filled) implements Shape {}
  }

  record Even(int number) {
    Even {
      if (number % 2 != 0) {
        throw new IllegalArgumentException("odd: " + number);
      }
    }
  }

  private static Model model;

  @BeforeAll
  static void open() {
    model = TinyModel.open();
  }

  @AfterAll
  static void close() {
    model.close();
  }

  /** Draws wildly, and is not fond of thinking: the questions are none the model knows. */
  private static GenerationOptions hot(long seed) {
    return options(Sampler.builder().temperature(1.5f).topK(0).topP(1).seed(seed));
  }

  private static GenerationOptions greedy() {
    return options(Sampler.builder().temperature(0));
  }

  private static GenerationOptions options(Sampler.Builder sampler) {
    int thinkEnd = model.tokenizer().orElseThrow().id("</think>").orElseThrow();
    return GenerationOptions.builder()
        .sampler(sampler.logitBias(thinkEnd, 12).build())
        .maxTokens(600)
        .build();
  }

  @Test
  void readsRecordsSealedTypesEnumsAndListsAtAnyTemperature() {
    for (long seed = 1; seed <= 5; seed++) {
      try (Session session = model.newSession()) {
        assertThat(ask(session, Weather.class, seed).city()).isNotNull();
      }
      try (Session session = model.newSession()) {
        assertThat(ask(session, Shape.class, seed)).isInstanceOf(Shape.class);
      }
      try (Session session = model.newSession()) {
        assertThat(ask(session, Sky.class, seed)).isInstanceOf(Sky.class);
      }
    }
  }

  /** Random words can be long: a reply that is cut is one way a format may not be kept. */
  private static <T> T ask(Session session, Class<T> type, long seed) {
    for (long again = 0; ; again++) {
      try {
        return session.ask("What is it?", type, hot(seed + 1_000 * again));
      } catch (IncompleteReplyException e) {
        assertThat(e.reply().finishReason()).isEqualTo(FinishReason.LENGTH);
        session.rewind(2);
      }
    }
  }

  @Test
  void asksForListsAndGivesTheReply() {
    SessionOptions options = SessionOptions.builder().generation(hot(3)).build();
    try (Session session = model.newSession(options)) {
      List<Sky> skies = session.askList("Which skies are there?", Sky.class);
      assertThat(skies).allMatch(Sky.class::isInstance);
      TypedReply<Sky> typed =
          session.ask(List.of(Message.user("And now?")), JsonType.of(Sky.class), greedy());
      assertThat(typed.reply().answer()).isEqualTo("\"" + typed.value() + "\"");
      assertThat(typed.reply().usage().thinkingTokens()).isPositive();
      assertThat(session.history()).hasSize(4);
      assertThat(session.history().getLast().content()).isEqualTo(typed.reply().answer());
    }
  }

  @Test
  void writesTheChoiceOfTheModelCard() {
    OutputFormat format = OutputFormat.answerField("A", "B", "C", "D");
    assertThat(format.instruction())
        .isEqualTo(
            "Please show your choice in the `answer` field with only the choice letter,"
                + " e.g.,`\"answer\": \"C\"`.");
    GenerationOptions options = greedy().toBuilder().outputFormat(format).build();
    try (Session session = model.newSession()) {
      Reply reply = session.send("Which is it? A or B? " + format.instruction(), options);
      assertThat(reply.answer()).matches("\\{\\s*\"answer\": ?\"[ABCD]\"\\s*}");
    }
  }

  @Test
  void writesRegularExpressionsChoicesAndSchemas() {
    for (long seed = 1; seed <= 10; seed++) {
      assertThat(answer(OutputFormat.choice("yes", "no", "yes and no"), seed))
          .isIn("yes", "no", "yes and no");
      assertThat(answer(OutputFormat.regex("(\\d{2}-){3}[a-f]{1,5}é{1,2}x"), seed))
          .matches("(\\d{2}-){3}[a-f]{1,5}é{1,2}x");
      assertThat(
              answer(
                  OutputFormat.jsonSchema(
                      "{\"type\": \"integer\", \"maximum\": 7, \"minimum\": -3}"),
                  seed))
          .matches("-[1-3]|[0-7]");
    }
  }

  private static String answer(OutputFormat format, long seed) {
    GenerationOptions options = hot(seed).toBuilder().outputFormat(format).build();
    try (Session session = model.newSession()) {
      Reply reply = session.send("Is it?", options);
      assertThat(reply.finishReason()).isEqualTo(FinishReason.STOP);
      return reply.answer();
    }
  }

  @Test
  void saysWhatThereIsOfAReplyThatWasCut() {
    try (Session session = model.newSession()) {
      GenerationOptions few = TinyModel.greedy().toBuilder().maxTokens(3).build();
      assertThatThrownBy(() -> session.ask("Hi", Weather.class, few))
          .isInstanceOfSatisfying(
              IncompleteReplyException.class,
              e -> {
                assertThat(e.code()).isEqualTo(ErrorCode.INCOMPLETE_REPLY);
                assertThat(e).hasMessageContaining("in the thinking");
                assertThat(e.reply().reasoning()).isNotEmpty();
              });
      int thinking =
          session
              .ask(List.of(Message.user("Hi")), JsonType.of(Sky.class), greedy())
              .reply()
              .usage()
              .thinkingTokens();
      session.rewind(2);
      GenerationOptions cut = greedy().toBuilder().maxTokens(thinking + 3).build();
      assertThatThrownBy(() -> session.ask("Hi", Weather.class, cut))
          .isInstanceOf(IncompleteReplyException.class)
          .hasMessageContaining("{");
    }
  }

  @Test
  void passesOnWhatARecordsConstructorSays() {
    try (Session session = model.newSession()) {
      List<String> failures = new ArrayList<>();
      for (long seed = 0; seed < 20 && failures.isEmpty(); seed++) {
        try {
          ask(session, Even.class, seed);
        } catch (QwqException e) {
          assertThat(e.code()).isEqualTo(ErrorCode.INVALID_JSON);
          failures.add(e.getMessage());
        }
      }
      assertThat(failures).isNotEmpty().allMatch(message -> message.contains("odd: "));
    }
  }

  @Test
  void streamsTheValueAsItGrows() {
    try (Session session = model.newSession();
        TypedStream<Weather> stream =
            session.askStream(
                List.of(Message.user("Weather?")), JsonType.of(Weather.class), hot(4))) {
      StringBuilder thinking = new StringBuilder();
      List<Object> partial = new ArrayList<>();
      Weather weather = null;
      for (TypedEvent<Weather> event : stream) {
        switch (event) {
          case TypedEvent.Progress<Weather> p -> assertThat(p.total()).isPositive();
          case TypedEvent.Reasoning<Weather> r -> thinking.append(r.text());
          case TypedEvent.Partial<Weather> p -> partial.add(p.value());
          case TypedEvent.Done<Weather> d -> {
            weather = d.value();
            assertThat(d.reply().reasoning()).isEqualTo(thinking.toString());
          }
        }
      }
      assertThat(weather).isNotNull();
      assertThat(partial).hasSizeGreaterThan(3).doesNotHaveDuplicates();
      assertThat(JsonType.of(Weather.class).convert(partial.getLast())).isEqualTo(weather);
    }
  }

  @Test
  void goesOnWithAReplyThatWasCut() {
    GenerationOptions options =
        hot(9).toBuilder().outputFormat(OutputFormat.json(Weather.class)).build();
    try (Session session = model.newSession()) {
      Reply whole = session.send("Weather?", options);
      session.rewind(2);
      int half = whole.usage().thinkingTokens() + whole.usage().answerTokens() / 2;
      Reply begun = session.send("Weather?", options.toBuilder().maxTokens(half).build());
      assertThat(whole.text()).startsWith(begun.text());
      try (ReplyStream rest = session.resume(Integer.MAX_VALUE, options)) {
        assertThat(rest.reply().text()).isEqualTo(whole.text());
      }
    }
  }

  /** The prompt closes the thinking, or tokens are forced that do. */
  @Test
  void holdsWhereThinkingIsOffOrCutShort() {
    OutputFormat format = OutputFormat.regex("[a-f]{1,4}[0-9]");
    for (long seed = 1; seed <= 4; seed++) {
      GenerationOptions options =
          TinyModel.seeded(seed).toBuilder().maxTokens(300).outputFormat(format).build();
      try (Session session = model.newSession()) {
        Reply off = session.send("Is it?", options.toBuilder().thinking(false).build());
        assertThat(off.answer()).matches("[a-f]{1,4}[0-9]");
        assertThat(off.reasoning()).isEmpty();
      }
      try (Session session = model.newSession()) {
        ThinkingBudget budget = ThinkingBudget.ofTokens(7);
        Reply cut = session.send("Is it?", options.toBuilder().thinkingBudget(budget).build());
        assertThat(cut.answer()).matches("[a-f]{1,4}[0-9]");
        assertThat(cut.reasoning()).isNotEmpty();
      }
      try (Session session = model.newSession()) {
        GenerationOptions whole =
            hot(seed).toBuilder()
                .outputFormat(format)
                .reasoningFormat(ReasoningFormat.NONE)
                .build();
        assertThat(session.send("Is it?", whole).answer())
            .matches("(?s).*</think>\\s*[a-f]{1,4}[0-9]");
      }
    }
  }

  @Test
  void refusesWrongFormats() {
    assertThatThrownBy(() -> OutputFormat.choice()).hasMessageContaining("at least one text");
    assertThatThrownBy(() -> OutputFormat.choice("a", "")).hasMessageContaining("none empty");
    assertThatThrownBy(() -> OutputFormat.regex("(?=a)")).hasMessageContaining("look-ahead");
    assertThatThrownBy(() -> OutputFormat.regex("a$b")).hasMessageContaining("matches no text");
    assertThatThrownBy(() -> OutputFormat.jsonSchema("{\"not\": {}}"))
        .hasMessageContaining("#/not");
    assertThatThrownBy(() -> OutputFormat.json(Thread.class)).hasMessageContaining("Thread");
  }
}
