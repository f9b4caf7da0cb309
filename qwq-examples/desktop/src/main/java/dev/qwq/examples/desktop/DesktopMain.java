package dev.qwq.examples.desktop;

import dev.qwq.SessionOptions;
import dev.qwq.examples.BundledModel;
import java.awt.GraphicsEnvironment;
import java.lang.reflect.InvocationTargetException;
import java.nio.file.Path;
import java.util.concurrent.Executor;
import javax.swing.SwingUtilities;

/** Starts the chat window: {@code qwq-desktop [GGUF file or Hugging Face folder]}. */
public final class DesktopMain {
  private DesktopMain() {}

  /**
   * Opens the window.
   *
   * @param args the model; without one, the tiny model that comes along
   */
  public static void main(String[] args) {
    if (GraphicsEnvironment.isHeadless()) {
      System.err.println("qwq-desktop: expected a display, found none");
      System.exit(1);
    }
    Path model = args.length > 0 ? Path.of(args[0]) : BundledModel.path();
    SwingUtilities.invokeLater(
        () -> {
          Themes.setUp(false);
          ChatWindow window = open();
          window.show();
          window.open(model);
        });
  }

  private static ChatWindow open() {
    ChatWindow[] window = new ChatWindow[1];
    Executor ui = DesktopMain::onUiThread;
    window[0] =
        new ChatWindow(
            view -> new ChatPresenter(view, ui, model -> SessionOptions.defaults()),
            () -> Thread.ofPlatform().start(window[0].presenter()::close));
    return window[0];
  }

  /** Runs a task on the UI thread and waits for it. */
  static void onUiThread(Runnable task) {
    try {
      SwingUtilities.invokeAndWait(task);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (InvocationTargetException e) {
      throw new IllegalStateException(e.getCause());
    }
  }
}
