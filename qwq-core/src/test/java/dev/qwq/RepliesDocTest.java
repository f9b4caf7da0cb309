package dev.qwq;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What docs/replies.md shows, run: the page shows this code and no other. */
@SuppressWarnings("NullAway.Init") // fields of a subscriber are set by its first signal
class RepliesDocTest {
  private static final Pattern SHOWN = Pattern.compile("```java\\n(.*?)```", Pattern.DOTALL);
  private static final Pattern RUN =
      Pattern.compile("// docs: \\w+\\n(.*?) *// docs: end", Pattern.DOTALL);

  private static Model model;

  private final List<Object> shown = Collections.synchronizedList(new ArrayList<>());

  @BeforeAll
  static void open() {
    model = TinyModel.open();
  }

  @AfterAll
  static void close() {
    model.close();
  }

  private void show(Object what) {
    shown.add(what);
  }

  private void stillThere() {
    show("waited");
  }

  private static Session session() {
    return model.newSession(SessionOptions.builder().generation(TinyModel.greedy()).build());
  }

  @Test
  void futures() {
    try (Session session = session()) {
      // docs: futures
      CompletableFuture<String> answer =
          session
              .sendAsync("What is 12 + 30?")
              .orTimeout(60, TimeUnit.SECONDS) // stops the computation, as cancel() would
              .thenApply(Reply::answer);
      // docs: end
      assertThat(answer.join()).contains("42");
    }
  }

  @Test
  void publishers() throws InterruptedException {
    CountDownLatch done = new CountDownLatch(1);
    try (Session session = session()) {
      // docs: publishers
      session.stream("And in \"raspberry\"?")
          .subscribe(
              new Flow.Subscriber<>() {
                private Flow.Subscription subscription;

                @Override
                public void onSubscribe(Flow.Subscription begun) {
                  subscription = begun;
                  subscription.request(1);
                }

                @Override
                public void onNext(ChatEvent event) {
                  show(event);
                  subscription.request(1); // or cancel(), which stops the computation
                }

                @Override
                public void onError(Throwable failure) {
                  show(failure);
                }

                @Override
                public void onComplete() {
                  done.countDown();
                }
              });
      // docs: end
      assertThat(done.await(60, TimeUnit.SECONDS)).isTrue();
      assertThat(shown).last().isInstanceOf(ChatEvent.Done.class);
    }
  }

  @Test
  void someTimeAtOnce() {
    try (Session session = session()) {
      // docs: some_time
      try (ReplyStream stream = session.stream("Spell \"banana\".")) {
        Optional<Reply> reply = stream.reply(Duration.ofSeconds(1));
        while (reply.isEmpty()) {
          stillThere(); // an exception here closes the stream
          reply = stream.reply(Duration.ofSeconds(1));
        }
        show(reply.get());
      }
      // docs: end
      assertThat(shown).last().isInstanceOf(Reply.class);
    }
  }

  @Test
  void thePageShowsWhatRuns() throws IOException {
    Path root = TinyModel.root();
    assertThat(blocks(SHOWN, root.resolve("docs/replies.md")))
        .hasSize(3)
        .isEqualTo(
            blocks(
                RUN,
                root.resolve("qwq-core/src/test/java/dev/qwq").resolve("RepliesDocTest.java")));
  }

  private static List<String> blocks(Pattern pattern, Path file) throws IOException {
    return pattern
        .matcher(Files.readString(file))
        .results()
        .map((MatchResult match) -> match.group(1).stripTrailing().stripIndent())
        .toList();
  }
}
