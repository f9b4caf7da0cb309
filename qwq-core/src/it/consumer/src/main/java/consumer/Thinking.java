package consumer;

import dev.qwq.ChatEvent;
import dev.qwq.FinishReason;
import dev.qwq.GenerationOptions;
import dev.qwq.Model;
import dev.qwq.RepetitionPolicy;
import dev.qwq.Reply;
import dev.qwq.ReplyStream;
import dev.qwq.Session;
import dev.qwq.ThinkingBudget;
import dev.qwq.Usage;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** The code of docs/thinking.md. */
final class Thinking {
  private static final String QUESTION = "How many r's are in the word \"strawberry\"?";

  private Thinking() {}

  static void run(Model model) {
    check(hard(model).usage().forcedTokens() > 0, "a hard budget");
    check(soft(model).reasoning().endsWith("what I have."), "a soft budget");
    check(off(model).usage().thinkingTokens() == 0, "no thinking");
    check(button(model).finishReason() != FinishReason.CANCELLED, "an end from outside");
    check(loops(model).finishReason() != FinishReason.CANCELLED, "loops");
    print(usage(model));
  }

  private static Reply hard(Model model) {
    // DOCS: hard
    GenerationOptions brief =
        GenerationOptions.builder().thinkingBudget(ThinkingBudget.ofTokens(20)).build();
    try (Session session = model.newSession()) {
      return session.send("How many r's are in the word \"strawberry\"?", brief);
    }
    // DOCS: end
  }

  private static Reply soft(Model model) {
    // DOCS: soft
    ThinkingBudget budget =
        ThinkingBudget.ofTokens(20)
            .orTime(Duration.ofSeconds(90)) // whatever is used up first
            .withNudge("I am running out of time, so I answer with what I have.");
    GenerationOptions polite = GenerationOptions.builder().thinkingBudget(budget).build();
    try (Session session = model.newSession()) {
      return session.send("How many r's are in the word \"strawberry\"?", polite);
    }
    // DOCS: end
  }

  private static Reply button(Model model) {
    try (Session session = model.newSession();
        ScheduledExecutorService button = Executors.newSingleThreadScheduledExecutor()) {
      // DOCS: button
      try (ReplyStream stream = session.stream("How many r's are in the word \"raspberry\"?")) {
        button.schedule(stream::endThinking, 20, TimeUnit.MILLISECONDS); // from any thread
        return stream.reply(); // thought up to there, and then answered
      }
      // DOCS: end
    }
  }

  private static Reply off(Model model) {
    // DOCS: off
    GenerationOptions atOnce = GenerationOptions.builder().thinking(false).build();
    try (Session session = model.newSession()) {
      return session.send("What is 12 + 30?", atOnce); // reasoning() is empty
    }
    // DOCS: end
  }

  private static String usage(Model model) {
    try (Session session = model.newSession()) {
      Reply reply = session.send(QUESTION);
      // DOCS: usage
      Usage usage = reply.usage();
      String took =
          "%d tokens in %s of thinking, %d of answer, %d of them not the model's own"
              .formatted(
                  usage.thinkingTokens(),
                  usage.thinkingTime(),
                  usage.answerTokens(),
                  usage.forcedTokens());
      // DOCS: end
      return took;
    }
  }

  private static Reply loops(Model model) {
    try (Session session = model.newSession()) {
      // DOCS: loops
      GenerationOptions guarded =
          GenerationOptions.builder().repetition(RepetitionPolicy.endThinking()).build();
      try (ReplyStream stream = session.stream("Is 1001 a prime?", guarded)) {
        for (ChatEvent event : stream) {
          if (event instanceof ChatEvent.RepetitionDetected loop) {
            print(loop.repeats() + " times: " + loop.text());
          }
        }
        return stream.reply(); // FinishReason.REPETITION if its answer went round in circles, too
      }
      // DOCS: end
    }
  }

  private static void print(String text) {
    System.out.println(text);
  }

  private static void check(boolean good, String what) {
    if (!good) {
      throw new IllegalStateException("not as the documentation says: " + what);
    }
  }
}
