package consumer;

import dev.qwq.ChatEvent;
import dev.qwq.FinishReason;
import dev.qwq.Model;
import dev.qwq.Reply;
import dev.qwq.ReplyStream;
import dev.qwq.Session;
import dev.qwq.ToolCall;
import dev.qwq.Usage;
import java.nio.file.Path;

/** The code of the README, as a user's program. Argument: the model's folder. */
public final class Main {
  private Main() {}

  public static void main(String[] args) {
    String place = Model.class.getModule().isNamed() ? "module path" : "class path";
    System.out.println("consumer on the " + place + ":");
    ask(args[0]);
    try (Model model = Model.open(Path.of(args[0]));
        Session session = model.newSession()) {
      stream(session);
      Thinking.run(model);
      Conversations.run(model, args[0]);
      StructuredOutput.run(model);
    }
  }

  private static void ask(String file) {
    // README: ask
    try (Model model = Model.open(Path.of(file)); // a GGUF file or a Hugging Face folder
        Session session = model.newSession()) {
      Reply reply = session.send("How many r's are in the word \"strawberry\"?");
      System.out.println(reply.reasoning());
      System.out.println(reply.answer());
      System.out.println(reply.usage());
    }
    // README: end
  }

  private static void stream(Session session) {
    // README: stream
    try (ReplyStream stream = session.stream("And in \"raspberry\"?")) {
      for (ChatEvent event : stream) {
        switch (event) {
          case ChatEvent.Progress p -> bar(p.processed(), p.total()); // reading the prompt
          case ChatEvent.Reasoning r -> gray(r.text());
          case ChatEvent.Answer a -> print(a.text());
          case ChatEvent.ToolCall t -> call(t.call());
          case ChatEvent.RepetitionDetected r -> warn(r.text()); // goes round in circles
          case ChatEvent.Done d -> status(d.usage(), d.finishReason());
        }
      }
    } // closing early cancels: compute stops within 200 ms
    // README: end
  }

  private static void bar(int processed, int total) {
    System.out.println("prompt " + processed + "/" + total);
  }

  private static void gray(String text) {
    System.out.print("\u001B[2m" + text + "\u001B[0m");
  }

  private static void print(String text) {
    System.out.print(text);
  }

  private static void call(ToolCall call) {
    System.out.println(call);
  }

  private static void warn(String text) {
    System.err.println("again and again: " + text);
  }

  private static void status(Usage usage, FinishReason reason) {
    System.out.println("\n" + reason + " " + usage);
  }
}
