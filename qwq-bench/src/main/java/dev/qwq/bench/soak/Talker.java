package dev.qwq.bench.soak;

import dev.qwq.ErrorCode;
import dev.qwq.FinishReason;
import dev.qwq.GenerationOptions;
import dev.qwq.Model;
import dev.qwq.QueueFullException;
import dev.qwq.QwqException;
import dev.qwq.Reply;
import dev.qwq.ReplyStream;
import dev.qwq.Session;
import dev.qwq.Speculation;
import dev.qwq.bench.soak.Tally.Event;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * Holds one conversation, and disturbs it in ways that a seed decides. Every reply that ends by
 * itself must be the one the conversation gets alone, every cut one its beginning.
 */
final class Talker implements Runnable {
  /** What stands for a character that the cut has left half. */
  private static final Pattern UNFINISHED = Pattern.compile("\uFFFD+$");

  private static final int LONGEST_NAP_MILLIS = 2000;
  private static final long SHORTEST_NAP_MICROS = 5000;

  private final Model model;
  private final Alone alone;
  private final Tally tally;
  private final Random random;
  private final long seed;
  private final BooleanSupplier stopped;
  private final Disturbances disturbances;
  private final List<Thread> children = new ArrayList<>();
  private Session session;
  private Path path;

  /**
   * Begins a conversation.
   *
   * @param stopped whether it is to end before its time, after a turn
   */
  Talker(Model model, Alone alone, Tally tally, Script script, long seed, BooleanSupplier stopped) {
    this(model, alone, tally, Path.of(script), model.newSession(script.session()), seed, stopped);
  }

  private Talker(
      Model model,
      Alone alone,
      Tally tally,
      Path path,
      Session session,
      long seed,
      BooleanSupplier stopped) {
    this.model = model;
    this.alone = alone;
    this.tally = tally;
    this.path = path;
    this.session = session;
    this.seed = seed;
    random = new Random(seed);
    this.stopped = stopped;
    disturbances = new Disturbances(random, tally);
  }

  @Override
  public void run() {
    try {
      while (path.turn() < Script.TURNS && !stopped.getAsBoolean()) {
        beforeTurn();
        turn(children.isEmpty() ? random.nextInt(8) / 7 : 0);
      }
      for (Thread child : children) {
        child.join();
      }
    } catch (Throwable e) {
      tally.failed(new AssertionError("conversation of seed " + seed + ", " + path, e));
    } finally {
      session.close();
    }
  }

  /** Now and then the conversation branches, goes back, or goes on from a file. */
  private void beforeTurn() throws IOException {
    switch (random.nextInt(24)) {
      case 0 -> {
        Session fork = session.fork();
        tally.add(Event.FORKED);
        Talker other = new Talker(model, alone, tally, path, fork, random.nextLong(), stopped);
        children.add(Thread.ofVirtual().name("fork").start(other));
      }
      case 1 -> {
        Session fork = session.fork(); // and the parent goes
        tally.add(Event.FORKED);
        session.close();
        session = fork;
      }
      case 2 -> {
        if (path.turn() > 0) {
          rewind(1);
        }
      }
      case 3 -> {
        java.nio.file.Path file = Files.createTempFile("qwq-soak", ".session");
        try {
          session.save(file);
          session.close();
          session = model.restoreSession(file, path.script().session());
        } finally {
          Files.delete(file);
        }
        tally.add(Event.RESTORED);
      }
      default -> {}
    }
  }

  private void rewind(int exchanges) {
    session.rewind(2 * exchanges);
    path = path.without(exchanges);
    tally.add(Event.REWOUND);
  }

  private GenerationOptions options(int way) {
    Speculation speculation =
        switch (random.nextInt(6)) {
          case 0 -> Speculation.DRAFT_MODEL;
          case 1, 2 -> Speculation.PROMPT_LOOKUP;
          default -> Speculation.OFF;
        };
    GenerationOptions.Builder options =
        path.script().options(path.turn(), way).toBuilder()
            .speculation(speculation)
            .priority(random.nextInt(4) == 0 ? random.nextInt(-2, 3) : 0);
    if (random.nextInt(8) == 0) {
      options.timeLimit(Duration.ofMillis(1 + random.nextInt(200)));
    }
    return options.build();
  }

  private void turn(int way) throws InterruptedException {
    GenerationOptions options = options(way);
    String question = path.script().question(path.turn(), way);
    switch (random.nextInt(10)) {
      case 0 -> {
        withRetries(() -> disturbances.cancelledFuture(session, question, options));
        awaitFree();
        session.rewind(session.history().size() - 2 * path.turn());
      }
      case 1 -> {
        disturbances.cancelledFlow(withRetries(() -> session.stream(question, options)));
        awaitFree();
        session.rewind(session.history().size() - 2 * path.turn());
      }
      case 2 -> {
        Session closed = session;
        Reply reply =
            disturbances.closedSession(
                closed, withRetries(() -> session.stream(question, options)));
        check(reply, way);
        path = Path.of(path.script());
        session = model.newSession(path.script().session());
      }
      case 3 ->
          take(disturbances.closed(withRetries(() -> session.stream(question, options))), way);
      case 4 ->
          take(disturbances.interrupted(withRetries(() -> session.stream(question, options))), way);
      default -> {
        try (ReplyStream stream = withRetries(() -> session.stream(question, options))) {
          take(stream.reply(), way);
        }
      }
    }
  }

  /** A reply has become part of the conversation. */
  private void take(Reply reply, int way) throws InterruptedException {
    int kept = reply.tokens().length;
    if (check(reply, way)) {
      path = path.plus(way, Path.WHOLE);
      return;
    }
    path = path.plus(way, kept);
    switch (random.nextInt(kept == 0 ? 2 : 4)) {
      case 0 -> rewind(1);
      case 1 -> resume(way, kept);
      default -> tally.add(Event.WENT_ON_AFTER_CUT);
    }
  }

  private void resume(int way, int kept) throws InterruptedException {
    Path before = path.without(1);
    GenerationOptions options = path.script().options(before.turn(), way);
    GenerationOptions rest =
        options.toBuilder()
            .speculation(Speculation.PROMPT_LOOKUP)
            .maxTokens(options.maxTokens() - kept)
            .build();
    try (ReplyStream stream = withRetries(() -> session.resume(kept, rest))) {
      Reply reply = stream.reply();
      path = before;
      if (!check(reply, way)) {
        throw new AssertionError("a resumed reply was cut: " + reply.finishReason());
      }
    }
    path = path.plus(way, Path.WHOLE);
    tally.add(Event.RESUMED);
  }

  /** Compares a reply that follows the path; true if it ended by itself. */
  private boolean check(Reply reply, int way) {
    Reply expected = alone.reply(path, way);
    tally.add(Event.DRAFTED, reply.usage().draftedTokens());
    tally.add(Event.FORCED, reply.usage().forcedTokens());
    if (reply.finishReason() != FinishReason.CANCELLED
        && reply.finishReason() != FinishReason.DEADLINE) {
      if (!reply.equals(expected)) {
        throw different(reply, expected);
      }
      tally.add(Event.COMPLETED);
      return true;
    }
    int[] tokens = reply.tokens();
    int[] whole = expected.tokens();
    if (tokens.length > whole.length
        || !Arrays.equals(tokens, Arrays.copyOf(whole, tokens.length))
        || !expected.text().startsWith(UNFINISHED.matcher(reply.text()).replaceAll(""))) {
      throw different(reply, expected);
    }
    tally.add(reply.finishReason() == FinishReason.DEADLINE ? Event.DEADLINE : Event.CANCELLED);
    return false;
  }

  private static AssertionError different(Reply reply, Reply expected) {
    return new AssertionError(
        "%s %s%nbut alone%n%s %s%nin tokens %s%nbut alone %s"
            .formatted(
                reply.finishReason(),
                reply.text(),
                expected.finishReason(),
                expected.text(),
                Arrays.toString(reply.tokens()),
                Arrays.toString(expected.tokens())));
  }

  /** Submits; as long as the queue is full, later: twice as late each time. */
  private <T> T withRetries(Supplier<T> call) throws InterruptedException {
    for (int attempt = 0; ; attempt++) {
      try {
        return call.get();
      } catch (QueueFullException e) {
        tally.add(Event.QUEUE_FULL);
        long micros = e.expectedWait().map(Duration::toNanos).orElse(0L) / 1000;
        long nap = Math.max(micros, SHORTEST_NAP_MICROS) << Math.min(attempt, 20);
        nap = Math.min(nap, LONGEST_NAP_MILLIS * 1000L);
        TimeUnit.MICROSECONDS.sleep(nap / 2 + random.nextLong(nap));
      }
    }
  }

  /** Who cancels a future or a subscription does not wait for the session to be free. */
  private void awaitFree() throws InterruptedException {
    while (true) {
      try {
        session.rewind(0);
        return;
      } catch (QwqException e) {
        if (e.code() != ErrorCode.SESSION_BUSY) {
          throw e;
        }
        TimeUnit.MILLISECONDS.sleep(1);
      }
    }
  }
}
