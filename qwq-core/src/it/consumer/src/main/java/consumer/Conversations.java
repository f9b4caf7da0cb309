package consumer;

import dev.qwq.GenerationOptions;
import dev.qwq.Message;
import dev.qwq.Model;
import dev.qwq.ModelMetrics;
import dev.qwq.ModelOptions;
import dev.qwq.PromptPlan;
import dev.qwq.QueueFullException;
import dev.qwq.Reply;
import dev.qwq.ReplyStream;
import dev.qwq.Session;
import dev.qwq.Speculation;
import dev.qwq.Votes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** The code of docs/conversations.md. */
final class Conversations {
  private Conversations() {}

  static void run(Model model, String file) {
    check(branches(model).size() == 2, "branches");
    check(goBack(model).answer().length() > 0, "going back");
    check(goOn(model).tokens().length > 20, "going on");
    check(vote(model).isPresent(), "a vote");
    check(saved(model).usage().cachedTokens() > 0, "a saved session");
    check(urgent(model).answer().length() > 0, "priorities");
    check(async(model).length() > 0, "futures");
    check(lookup(model).usage().draftedTokens() > 0, "prompt lookup");
    check(draft(file).answer().length() > 0, "a draft model");
    check(plan(model).contains("tokens"), "a plan");
    check(metrics(model).contains("running"), "metrics");
  }

  private static List<Reply> branches(Model model) {
    // DOCS: fork
    try (Session session = model.newSession()) {
      session.send("My word is \"strawberry\".");
      try (Session other = session.fork()) { // shares the KV cache, copies nothing
        Reply one = session.send("How many r's are in it?");
        Reply two = other.send("How many e's are in it?"); // knows nothing of r's
        return List.of(one, two);
      }
    }
    // DOCS: end
  }

  private static Reply goBack(Model model) {
    // DOCS: rewind
    try (Session session = model.newSession()) {
      session.send("What is 12 + 30?");
      session.send("What is 7 + 8?");
      session.rewind(2); // forgets the last question and its answer
      return session.send("What is 9 + 9?");
    }
    // DOCS: end
  }

  private static Reply goOn(Model model) {
    // DOCS: resume
    GenerationOptions brief = GenerationOptions.builder().maxTokens(20).build();
    try (Session session = model.newSession()) {
      session.send("How many r's are in the word \"strawberry\"?", brief); // cut short
      try (ReplyStream rest = session.resume()) {
        return rest.reply(); // the whole reply, as if it had not been cut
      }
    }
    // DOCS: end
  }

  private static Optional<String> vote(Model model) {
    // DOCS: vote
    try (Session session = model.newSession()) {
      String question = "What is 12 + 30?";
      List<Reply> replies = session.sendTimes(5, question, session.options().generation());
      Votes<String> votes = Votes.of(replies, reply -> lastNumber(reply.answer()));
      votes.winner().ifPresent(n -> session.append(Message.user(question), Message.assistant(n)));
      return votes.winner();
    }
    // DOCS: end
  }

  private static Optional<String> lastNumber(String text) {
    return Pattern.compile("\\d+")
        .matcher(text)
        .results()
        .map(MatchResult::group)
        .reduce((first, second) -> second);
  }

  private static Reply saved(Model model) {
    Path file = temporary();
    // DOCS: save
    try (Session session = model.newSession()) {
      session.send("What is 12 + 30?");
      session.save(file);
    }
    try (Session session = model.restoreSession(file)) { // computes nothing again
      return session.send("And 7 + 8?");
    }
    // DOCS: end
  }

  private static Reply urgent(Model model) {
    // DOCS: urgent
    GenerationOptions urgent =
        GenerationOptions.builder().priority(1).timeLimit(Duration.ofSeconds(30)).build();
    try (Session session = model.newSession()) {
      return session.send("What is 12 + 30?", urgent);
    } catch (QueueFullException e) {
      return tryAgain(model, e.expectedWait().orElse(Duration.ofSeconds(1)));
    }
    // DOCS: end
  }

  private static Reply tryAgain(Model model, Duration wait) {
    throw new IllegalStateException(model.info() + " is busy for " + wait);
  }

  private static String async(Model model) {
    // DOCS: async
    try (Session session = model.newSession()) {
      CompletableFuture<String> answer =
          session
              .sendAsync("What is 12 + 30?")
              .orTimeout(30, TimeUnit.SECONDS) // cancels the computation
              .thenApply(Reply::answer);
      return answer.join();
    }
    // DOCS: end
  }

  private static Reply lookup(Model model) {
    // DOCS: lookup
    GenerationOptions quoting =
        GenerationOptions.builder().speculation(Speculation.PROMPT_LOOKUP).build();
    try (Session session = model.newSession()) {
      return session.send("How many r's are in the word \"strawberry\"?", quoting);
    }
    // DOCS: end
  }

  private static Reply draft(String file) {
    String small = file;
    // DOCS: draft
    ModelOptions options = ModelOptions.builder().draftModel(Path.of(small)).build();
    try (Model model = Model.open(Path.of(file), options);
        Session session = model.newSession()) {
      return session.send("What is 12 + 30?"); // usage() says how many guesses were right
    }
    // DOCS: end
  }

  private static String plan(Model model) {
    try (Session session = model.newSession()) {
      // DOCS: plan
      PromptPlan plan = session.plan(Message.user("What is 12 + 30?"));
      if (!plan.fits()) {
        return "drop the first " + plan.messagesToDrop() + " messages";
      }
      return plan.promptTokens() + " tokens, " + plan.cachedTokens() + " of them computed";
      // DOCS: end
    }
  }

  private static String metrics(Model model) {
    // DOCS: metrics
    ModelMetrics metrics = model.metrics();
    return "%d running, %d waiting, %d of %d prompt tokens from the cache"
        .formatted(
            metrics.queue().running(),
            metrics.queue().waiting(),
            metrics.tokens().cached(),
            metrics.tokens().prompt());
    // DOCS: end
  }

  private static Path temporary() {
    try {
      Path file = Files.createTempFile("conversation", ".qwq");
      file.toFile().deleteOnExit();
      return file;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void check(boolean good, String what) {
    if (!good) {
      throw new IllegalStateException(what);
    }
  }
}
