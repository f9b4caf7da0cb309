package dev.qwq;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** Sessions side by side over one model: each says exactly what it says alone. */
class ManySessionsTest {
  private static final int SESSIONS = 64;
  private static final long SEED = 20261125;

  /** What one session says in two turns. */
  private record Conversation(int number) {
    String question(int turn) {
      Random random = new Random(SEED + 31L * number + turn);
      return switch (random.nextInt(3)) {
        case 0 -> "What is %d + %d?".formatted(random.nextInt(900), random.nextInt(900));
        case 1 -> "How many e's are in the word \"settlement\"?";
        default -> "What is %d times %d?".formatted(2 + random.nextInt(90), 2 + random.nextInt(9));
      };
    }

    GenerationOptions options(int turn) {
      return number % 2 == 0 ? TinyModel.greedy() : TinyModel.seeded(number + 1000L * turn);
    }

    List<Reply> hold(Model model) {
      List<Reply> replies = new ArrayList<>();
      try (Session session = model.newSession()) {
        for (int turn = 0; turn < 2; turn++) {
          replies.add(session.send(question(turn), options(turn)));
        }
      }
      return replies;
    }
  }

  @Test
  void eachSaysWhatItSaysAlone() throws Exception {
    List<List<Reply>> alone = new ArrayList<>();
    try (Model model = TinyModel.open()) {
      for (int number = 0; number < SESSIONS; number++) {
        alone.add(new Conversation(number).hold(model));
      }
    }
    // A cache too small for all of them: sessions are evicted, preempted and computed again.
    ModelOptions small =
        ModelOptions.builder().contextLength(1024).kvCacheTokens(2048).maxSequences(16).build();
    for (ModelOptions options : List.of(ModelOptions.defaults(), small)) {
      try (Model model = Model.open(TinyModel.path(), options);
          ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
        List<Future<List<Reply>>> together = new ArrayList<>();
        List<Future<?>> disturbances = new ArrayList<>();
        for (int number = 0; number < SESSIONS; number++) {
          Conversation conversation = new Conversation(number);
          Callable<List<Reply>> talk = () -> conversation.hold(model);
          together.add(executor.submit(talk));
          Disturbance disturbance = Disturbance.values()[number % Disturbance.values().length];
          disturbances.add(executor.submit(() -> disturbance.happen(model)));
        }
        for (int number = 0; number < SESSIONS; number++) {
          assertThat(together.get(number).get())
              .as("session %d, seed %d", number, SEED)
              .isEqualTo(alone.get(number));
        }
        for (Future<?> disturbance : disturbances) {
          disturbance.get();
        }
      }
    }
  }

  /** What goes wrong beside them. */
  private enum Disturbance {
    CANCEL {
      @Override
      void happen(Model model) {
        try (Session session = model.newSession();
            ReplyStream stream = session.stream(TinyModel.STRAWBERRY, TinyModel.greedy())) {
          stream.next();
        }
      }
    },
    CLOSE {
      @Override
      void happen(Model model) {
        Session session = model.newSession();
        ReplyStream stream = session.stream(TinyModel.STRAWBERRY, TinyModel.greedy());
        session.close();
        stream.close();
      }
    },
    ERROR {
      @Override
      void happen(Model model) {
        try (Session session = model.newSession()) {
          session.send("word ".repeat(model.info().contextLength()), TinyModel.greedy());
          throw new AssertionError("a prompt longer than the context was taken");
        } catch (QwqException e) {
          assertThat(e.code()).isEqualTo(ErrorCode.CONTEXT_EXCEEDED);
        }
      }
    };

    abstract void happen(Model model);
  }

  @Test
  void closingTheModelEndsAllStreams() throws Exception {
    Model model = TinyModel.open();
    List<ReplyStream> streams = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      streams.add(model.newSession().stream(TinyModel.STRAWBERRY, TinyModel.greedy()));
    }
    streams.getFirst().next();
    model.close();
    for (ReplyStream stream : streams) {
      assertThat(stream.reply().finishReason()).isIn(FinishReason.CANCELLED, FinishReason.STOP);
    }
  }
}
