package consumer;

import dev.qwq.GenerationOptions;
import dev.qwq.IncompleteReplyException;
import dev.qwq.Message;
import dev.qwq.Model;
import dev.qwq.OutputFormat;
import dev.qwq.Sampler;
import dev.qwq.Session;
import dev.qwq.SessionOptions;
import dev.qwq.TypedEvent;
import dev.qwq.TypedReply;
import dev.qwq.TypedStream;
import dev.qwq.schema.JsonType;
import java.util.List;

/** The code of docs/structured-output.md. */
final class StructuredOutput {
  private StructuredOutput() {}

  enum Sky {
    CLEAR,
    CLOUDY,
    RAIN
  }

  // DOC: type
  record Weather(String city, int celsius, Sky sky) {}

  // DOC: end

  static void run(Model model) {
    // The tiny model knows nothing of weather, and may go on for ever: another seed will do.
    for (long seed = 1; ; seed++) {
      try (Session session = model.newSession(brief(model, seed))) {
        ask(session);
        whole(session);
        stream(session);
        formats(session);
        letter(session, "Which letter comes third? A, B, C or D?");
        return;
      } catch (IncompleteReplyException e) {
        System.out.println(e.getMessage());
      }
    }
  }

  private static SessionOptions brief(Model model, long seed) {
    int thinkEnd = model.tokenizer().orElseThrow().id("</think>").orElseThrow();
    Sampler sampler = Sampler.builder().temperature(1).seed(seed).logitBias(thinkEnd, 12).build();
    GenerationOptions generation =
        GenerationOptions.builder().sampler(sampler).maxTokens(400).build();
    return SessionOptions.builder().generation(generation).build();
  }

  private static void ask(Session session) {
    // DOC: ask
    Weather weather = session.ask("What is the weather in Hangzhou?", Weather.class);
    List<Weather> week = session.askList("And over the week?", Weather.class);
    // DOC: end
    System.out.println(weather + " " + week);
    session.rewind(session.history().size());
  }

  private static void whole(Session session) {
    GenerationOptions options = session.options().generation();
    // DOC: whole
    TypedReply<Weather> typed =
        session.ask(
            List.of(Message.user("What is the weather in Hangzhou?")),
            JsonType.of(Weather.class),
            options.toBuilder().maxTokens(2000).build());
    System.out.println(typed.reply().reasoning() + " -> " + typed.value());
    // DOC: end
  }

  private static void stream(Session session) {
    // DOC: stream
    try (TypedStream<Weather> stream = session.askStream("And in Paris?", Weather.class)) {
      for (TypedEvent<Weather> event : stream) {
        switch (event) {
          case TypedEvent.Progress<Weather> p -> bar(p.processed(), p.total());
          case TypedEvent.Reasoning<Weather> r -> gray(r.text());
          case TypedEvent.Partial<Weather> p -> show(p.value()); // {city=Par}, {city=Paris}, …
          case TypedEvent.Done<Weather> d -> use(d.value());
        }
      }
    }
    // DOC: end
    session.rewind(session.history().size());
  }

  private static void formats(Session session) {
    GenerationOptions options = session.options().generation();
    // DOC: formats
    OutputFormat count = OutputFormat.jsonSchema("{\"type\": \"integer\", \"minimum\": 1}");
    OutputFormat date = OutputFormat.regex("[0-9]{4}-[0-9]{2}-[0-9]{2}");
    OutputFormat mood = OutputFormat.choice("happy", "sad", "neither");
    GenerationOptions oneWord = options.toBuilder().outputFormat(mood).build();
    String answer = session.send("How do you feel? " + mood.instruction(), oneWord).answer();
    // DOC: end
    System.out.println(count + "\n" + date + "\n" + answer);
  }

  private static void letter(Session session, String question) {
    GenerationOptions options = session.options().generation();
    // DOC: letter
    OutputFormat letter = OutputFormat.answerField("A", "B", "C", "D"); // {"answer": "C"}
    GenerationOptions choosing = options.toBuilder().outputFormat(letter).build();
    String json = session.send(question + "\n" + letter.instruction(), choosing).answer();
    // DOC: end
    System.out.println(json);
  }

  private static void bar(int processed, int total) {
    System.out.println("prompt " + processed + "/" + total);
  }

  private static void gray(String text) {
    System.out.print("\u001B[2m" + text + "\u001B[0m");
  }

  private static void show(Object value) {
    System.out.println(value);
  }

  private static void use(Weather weather) {
    System.out.println(weather);
  }
}
