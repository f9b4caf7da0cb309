package dev.qwq.examples.desktop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qwq.FinishReason;
import dev.qwq.Model;
import dev.qwq.SessionOptions;
import dev.qwq.examples.BundledModel;
import dev.qwq.examples.desktop.ChatView.Phase;
import java.nio.file.Path;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program behind the window, without a display. */
class ChatPresenterTest {
  private static final Path TINY = BundledModel.path();
  private static final String STRAWBERRY = "How many r's are in the word \"strawberry\"?";

  @TempDir Path folder;

  private final RecordingView view = new RecordingView();
  private final ChatPresenter[] created = new ChatPresenter[1];

  private ChatPresenter presenter(Function<Model, SessionOptions> sessions) {
    view.run(() -> created[0] = new ChatPresenter(view, view.executor(), sessions));
    return created[0];
  }

  private ChatPresenter opened(Function<Model, SessionOptions> sessions)
      throws InterruptedException {
    ChatPresenter presenter = presenter(sessions);
    view.run(() -> presenter.open(TINY));
    view.awaitThat("a model", () -> view.phase == Phase.READY);
    return presenter;
  }

  @AfterEach
  void close() {
    if (created[0] != null) {
      created[0].close();
    }
    view.close();
  }

  @Test
  void loadsAModelAndShowsHowFarItIs() throws InterruptedException {
    ChatPresenter presenter = presenter(Sessions::greedy);
    view.run(
        () -> {
          presenter.open(TINY);
          assertThat(view.phase).isEqualTo(Phase.LOADING);
        });
    view.awaitThat("a model", () -> view.phase == Phase.READY);
    assertThat(view.model).isEqualTo("the tiny bundled model");
    assertThat(view.loaded).isPositive().isEqualTo(view.toLoad);
  }

  @Test
  void thinksAndAnswers() throws InterruptedException {
    ChatPresenter presenter = opened(Sessions::greedy);
    view.run(() -> presenter.send(STRAWBERRY));
    view.awaitThat("a reply", () -> view.phase == Phase.READY);
    assertThat(view.thinking).isNotEmpty();
    assertThat(view.answer.toString()).contains("3");
    assertThat(view.ends).containsExactly(FinishReason.STOP);
    assertThat(view.read).isPositive();
    assertThat(view.speed).isPositive();
    assertThat(view.errors).isEmpty();
  }

  @Test
  void stopKeepsWhatHasCome() throws InterruptedException {
    ChatPresenter presenter = opened(Sessions::endless);
    view.run(() -> presenter.send(STRAWBERRY));
    view.awaitThat("some thinking", () -> !view.thinking.isEmpty());
    view.run(presenter::stop);
    view.awaitThat("the end", () -> view.phase == Phase.READY);
    assertThat(view.ends).containsExactly(FinishReason.CANCELLED);
    assertThat(view.thinking).isNotEmpty();
  }

  @Test
  void stopAtOnceIsNotLost() throws InterruptedException {
    ChatPresenter presenter = opened(Sessions::endless);
    view.run(
        () -> {
          presenter.send(STRAWBERRY);
          presenter.stop();
        });
    view.awaitThat("the end", () -> view.phase == Phase.READY);
    assertThat(view.ends).containsExactly(FinishReason.CANCELLED);
  }

  @Test
  void aNewChatForgetsTheOldOneAndItsReply() throws InterruptedException {
    ChatPresenter presenter = opened(Sessions::endless);
    view.run(() -> presenter.send(STRAWBERRY));
    view.awaitThat("some thinking", () -> !view.thinking.isEmpty());
    view.run(presenter::newChat);
    assertThat(view.conversations).isEqualTo(2);
    Thread.sleep(300); // the old reply has ended, and would have been shown
    view.run(() -> assertThat(view.thinking).isEmpty());
    assertThat(view.phase).isEqualTo(Phase.READY);
    assertThat(view.ends).isEmpty();
  }

  @Test
  void whatIsNoModelIsAnErrorAndTheOldOneStays() throws InterruptedException {
    ChatPresenter presenter = opened(Sessions::greedy);
    view.run(() -> presenter.open(folder));
    view.awaitThat("an error", () -> !view.errors.isEmpty());
    assertThat(view.errors.getFirst()).contains(folder.toString());
    view.run(() -> presenter.send("What is 1 + 1?"));
    view.awaitThat("a reply", () -> !view.ends.isEmpty());
  }

  @Test
  void aTooLongMessageIsAnErrorAndTheChatGoesOn() throws InterruptedException {
    ChatPresenter presenter = opened(Sessions::greedy);
    view.run(() -> presenter.send("word ".repeat(10_000)));
    view.awaitThat("an error", () -> !view.errors.isEmpty() && view.phase == Phase.READY);
    view.run(() -> presenter.send("What is 1 + 1?"));
    view.awaitThat("a reply", () -> !view.ends.isEmpty());
    assertThat(view.errors).hasSize(1);
  }

  @Test
  void anotherModelTakesThePlaceOfTheFirst() throws InterruptedException {
    ChatPresenter presenter = opened(Sessions::endless);
    view.run(() -> presenter.send(STRAWBERRY));
    view.awaitThat("some thinking", () -> !view.thinking.isEmpty());
    view.run(
        () -> {
          presenter.open(folder); // superseded by the next
          presenter.open(TINY);
        });
    view.awaitThat("a model", () -> view.phase == Phase.READY && view.conversations == 2);
    assertThat(view.errors).isEmpty();
    view.run(() -> presenter.send(STRAWBERRY));
    view.awaitThat("some thinking", () -> !view.thinking.isEmpty());
  }
}
