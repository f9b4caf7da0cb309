package dev.qwq.examples.desktop;

import dev.qwq.ChatEvent;
import dev.qwq.Model;
import dev.qwq.ModelOptions;
import dev.qwq.QwqException;
import dev.qwq.ReplyStream;
import dev.qwq.Session;
import dev.qwq.SessionOptions;
import dev.qwq.examples.BundledModel;
import dev.qwq.examples.desktop.ChatView.Phase;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The program behind the window. Its methods are called on the UI thread and return at once; models
 * are opened, messages sent and replies awaited on virtual threads.
 */
final class ChatPresenter {
  private final ChatView view;
  private final Executor ui;
  private final Function<Model, SessionOptions> sessions;

  // All of these belong to the UI thread.
  private @Nullable Model model;
  private @Nullable Session session;
  private @Nullable Loading loading;
  private @Nullable Turn turn;

  /**
   * Creates the program without a model.
   *
   * @param view what to show it in
   * @param ui runs tasks on the UI thread, and returns when they have run: a reply that comes
   *     faster than it can be shown waits in its stream
   * @param sessions what a conversation with a model begins with
   */
  ChatPresenter(ChatView view, Executor ui, Function<Model, SessionOptions> sessions) {
    this.view = view;
    this.ui = ui;
    this.sessions = sessions;
    view.showPhase(Phase.NO_MODEL);
  }

  /** Opens another model; the one in use stays if that fails. */
  void open(Path path) {
    stop();
    if (loading != null) {
      loading.cancelled = true;
    }
    Loading mine = new Loading();
    loading = mine;
    view.showPhase(Phase.LOADING);
    Thread.ofVirtual().start(() -> load(path, mine));
  }

  private void load(Path path, Loading mine) {
    // Read at once, with a progress bar; of a mapped file the first reply would have to wait.
    ModelOptions options =
        ModelOptions.builder()
            .weights(ModelOptions.Weights.LOADED)
            .loadProgress((loaded, total) -> showLoading(mine, loaded, total))
            .build();
    try {
      Model opened = Model.open(path, options);
      ui.execute(() -> opened(mine, path, opened));
    } catch (CancellationException e) {
      // Somebody has chosen another model since.
    } catch (QwqException e) {
      ui.execute(() -> openFailed(mine, e));
    }
  }

  private boolean showLoading(Loading mine, long loaded, long total) {
    ui.execute(
        () -> {
          if (mine.equals(loading)) {
            view.showLoading(loaded, total);
          }
        });
    return !mine.cancelled;
  }

  private void opened(Loading mine, Path path, Model opened) {
    if (!mine.equals(loading)) {
      closeSoon(opened);
      return;
    }
    loading = null;
    closeSoon(model);
    model = opened;
    String name = path.equals(BundledModel.path()) ? "the tiny bundled model" : fileName(path);
    view.showModel(name, opened.info());
    newChat();
  }

  private static String fileName(Path path) {
    return String.valueOf(path.toAbsolutePath().normalize().getFileName());
  }

  private void openFailed(Loading mine, QwqException failure) {
    if (mine.equals(loading)) {
      loading = null;
      view.showPhase(model == null ? Phase.NO_MODEL : Phase.READY);
      view.showError(String.valueOf(failure.getMessage()));
    }
  }

  /** Forgets the conversation and begins another. */
  void newChat() {
    stop();
    turn = null;
    if (session != null) {
      session.close();
      session = null;
    }
    if (model != null && loading == null) {
      session = model.newSession(sessions.apply(model));
      view.clear();
      view.showPhase(Phase.READY);
    }
  }

  /** Sends a message, unless the model is busy. */
  void send(String message) {
    if (session == null || loading != null || turn != null || message.isBlank()) {
      return;
    }
    Turn mine = new Turn(session);
    turn = mine;
    view.beginReply(message);
    view.showPhase(Phase.REPLYING);
    Thread.ofVirtual().start(() -> reply(mine, message));
  }

  private void reply(Turn mine, String message) {
    try (ReplyStream stream = mine.session.stream(message)) {
      mine.begin(stream);
      boolean more = true;
      while (more) {
        List<ChatEvent> events = awaitEvents(stream);
        more = !(events.getLast() instanceof ChatEvent.Done);
        ui.execute(() -> show(mine, events));
      }
    } catch (QwqException e) {
      ui.execute(() -> replyFailed(mine, e));
    }
  }

  /** Waits for an event, and takes all that have come by then: one repaint shows them. */
  private static List<ChatEvent> awaitEvents(ReplyStream stream) {
    List<ChatEvent> events = new ArrayList<>();
    Optional<ChatEvent> next = Optional.of(stream.next());
    while (next.isPresent()) {
      events.add(next.get());
      next = next.get() instanceof ChatEvent.Done ? Optional.empty() : stream.poll(Duration.ZERO);
    }
    return events;
  }

  private void show(Turn mine, List<ChatEvent> events) {
    if (!mine.equals(turn)) {
      return; // the conversation is another by now
    }
    for (ChatEvent event : events) {
      switch (event) {
        case ChatEvent.Progress p -> view.showReading(p.processed(), p.total());
        case ChatEvent.Reasoning r -> {
          view.addThinking(r.text());
          view.showSpeed(mine.piecesPerSecond());
        }
        case ChatEvent.Answer a -> {
          view.addAnswer(a.text());
          view.showSpeed(mine.piecesPerSecond());
        }
        case ChatEvent.ToolCall _, ChatEvent.RepetitionDetected _ -> {} // the end tells enough
        case ChatEvent.Done d -> {
          turn = null;
          view.endReply(d.usage(), d.finishReason());
          view.showPhase(Phase.READY);
        }
      }
    }
  }

  private void replyFailed(Turn mine, QwqException failure) {
    if (mine.equals(turn)) {
      turn = null;
      view.showError(String.valueOf(failure.getMessage()));
      view.showPhase(Phase.READY);
    }
  }

  /** Stops the reply, if there is one; what has come of it stays. */
  void stop() {
    if (turn != null) {
      turn.stop();
    }
  }

  /** Stops everything; returns when the model is closed. Not on the UI thread, which it needs. */
  void close() {
    List<Model> open = new ArrayList<>();
    ui.execute(
        () -> {
          turn = null;
          if (loading != null) {
            loading.cancelled = true;
            loading = null;
          }
          if (model != null) {
            open.add(model);
          }
          session = null;
          model = null;
        });
    open.forEach(Model::close); // cancels its replies
  }

  /** Closing waits for the step in flight. */
  private static void closeSoon(@Nullable Model old) {
    if (old != null) {
      Thread.ofVirtual().start(old::close);
    }
  }

  private static final class Loading {
    private volatile boolean cancelled;
  }

  /** A message and its reply. It may be stopped before there is anything to cancel. */
  private static final class Turn {
    private final Session session;
    private @Nullable ReplyStream stream;
    private boolean stopped;
    private int pieces;
    private long firstPiece;

    Turn(Session session) {
      this.session = session;
    }

    synchronized void begin(ReplyStream begun) {
      stream = begun;
      if (stopped) {
        begun.cancel();
      }
    }

    synchronized void stop() {
      stopped = true;
      if (stream != null) {
        stream.cancel();
      }
    }

    /** Counts a piece; on the UI thread. */
    double piecesPerSecond() {
      long now = System.nanoTime();
      if (pieces++ == 0) {
        firstPiece = now;
      }
      return now > firstPiece ? (pieces - 1) * 1e9 / (now - firstPiece) : 0;
    }
  }
}
