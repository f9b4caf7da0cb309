package dev.qwq.examples.desktop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qwq.Model;
import dev.qwq.SessionOptions;
import dev.qwq.examples.BundledModel;
import java.awt.Component;
import java.awt.Container;
import java.awt.Point;
import java.awt.Rectangle;
import java.awt.Robot;
import java.awt.event.InputEvent;
import java.awt.event.KeyEvent;
import java.lang.reflect.InvocationTargetException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import javax.imageio.ImageIO;
import javax.swing.JButton;
import javax.swing.JLabel;
import javax.swing.SwingUtilities;
import javax.swing.text.JTextComponent;

/** Uses the window as a person does; a program of its own, since it needs a display. */
final class WindowDriver {
  private static final long TIMEOUT_S = 30;

  private final Robot robot;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final ChatWindow[] window = new ChatWindow[1];
  private volatile Function<Model, SessionOptions> sessions = Sessions::greedy;

  private WindowDriver() throws Exception {
    robot = new Robot();
    robot.setAutoDelay(5);
  }

  /**
   * Runs the window.
   *
   * @param args the folder for pictures
   */
  public static void main(String[] args) throws Exception {
    try {
      new WindowDriver().drive(Path.of(args[0]));
      System.exit(0);
    } catch (Throwable e) {
      e.printStackTrace();
      System.exit(1);
    }
  }

  private void drive(Path pictures) throws Exception {
    SwingUtilities.invokeAndWait(
        () -> {
          Themes.setUp(false);
          window[0] =
              new ChatWindow(
                  view ->
                      new ChatPresenter(
                          view, DesktopMain::onUiThread, model -> sessions.apply(model)),
                  closed::countDown);
          window[0].show();
          window[0].open(BundledModel.path());
        });
    awaitThat("a model", () -> find(JButton.class, "sendOrStop").isEnabled());

    say("What is 12 + 30?");
    awaitThat("an answer", () -> text("answer").contains("42"));
    awaitThat("usage", () -> status().contains("tokens/s") && status().contains("thinking"));
    assertThat(findAll(JTextComponent.class, "thinking").getLast().isVisible()).isFalse();
    say("How many r's are in the word \"strawberry\"?");
    awaitThat("two answers", () -> text("answer").contains("3") && isQuiet());
    System.out.println("answered");

    click(findAll(JButton.class, "fold").getLast());
    awaitThat("thinking", () -> findAll(JTextComponent.class, "thinking").getLast().isShowing());
    assertThat(text("thinking")).isNotEmpty();
    System.out.println("unfolded");
    picture(pictures.resolve("chat-light.png"));
    click(find(JButton.class, "theme"));
    picture(pictures.resolve("chat-dark.png"));

    sessions = Sessions::endless;
    click(find(JButton.class, "newChat"));
    awaitThat("an empty window", () -> findAll(JTextComponent.class, "answer").isEmpty());
    say("Think of something.");
    awaitThat("thinking", () -> !text("thinking").isEmpty());
    assertThat(find(JButton.class, "sendOrStop").getText()).isEqualTo("Stop");
    key(KeyEvent.VK_ESCAPE);
    awaitThat("the end", this::isQuiet);
    assertThat(text("note")).isEqualTo("stopped");
    say("Think again.");
    awaitThat("thinking", () -> !text("thinking").isEmpty());
    click(find(JButton.class, "sendOrStop"));
    awaitThat("the end", this::isQuiet);
    System.out.println("stopped");

    key(KeyEvent.VK_CONTROL, KeyEvent.VK_N);
    awaitThat("an empty window", () -> findAll(JTextComponent.class, "thinking").isEmpty());
    System.out.println("restarted");

    SwingUtilities.invokeLater(() -> window[0].frame().dispose());
    assertThat(closed.await(TIMEOUT_S, TimeUnit.SECONDS)).isTrue();
    window[0].presenter().close();
    System.out.println("closed");
  }

  private boolean isQuiet() {
    return find(JButton.class, "sendOrStop").getText().equals("Send");
  }

  private String status() {
    return find(JLabel.class, "status").getText();
  }

  /** The text of the last component of a name. */
  private String text(String name) {
    List<JTextComponent> found = findAll(JTextComponent.class, name);
    return found.isEmpty() ? "" : found.getLast().getText();
  }

  private void say(String message) throws Exception {
    click(find(JTextComponent.class, "input"));
    message.chars().forEach(c -> type((char) c));
    key(KeyEvent.VK_ENTER);
    awaitThat("the message", () -> find(JTextComponent.class, "input").getText().isEmpty());
    awaitThat("its bubble", () -> text("message").equals(message));
  }

  private void type(char c) {
    String shifted = "\"+?";
    int[] bases = {KeyEvent.VK_QUOTE, KeyEvent.VK_EQUALS, KeyEvent.VK_SLASH};
    int code = KeyEvent.getExtendedKeyCodeForChar(c);
    if (shifted.indexOf(c) >= 0) {
      key(KeyEvent.VK_SHIFT, bases[shifted.indexOf(c)]);
    } else if (Character.isUpperCase(c)) {
      key(KeyEvent.VK_SHIFT, code);
    } else {
      key(code);
    }
  }

  private void key(int... codes) {
    for (int code : codes) {
      robot.keyPress(code);
    }
    for (int i = codes.length - 1; i >= 0; i--) {
      robot.keyRelease(codes[i]);
    }
    settle();
  }

  /**
   * Lets the events so far be handled. {@link Robot#waitForIdle()} may wait ten seconds for a
   * display without a window manager; what matters is awaited by its effect anyway.
   */
  private void settle() {
    robot.delay(10);
    try {
      SwingUtilities.invokeAndWait(() -> {});
    } catch (InterruptedException | InvocationTargetException e) {
      throw new IllegalStateException(e);
    }
  }

  private void click(Component component) {
    settle();
    Point corner = component.getLocationOnScreen();
    robot.mouseMove(corner.x + component.getWidth() / 2, corner.y + component.getHeight() / 2);
    robot.mousePress(InputEvent.BUTTON1_DOWN_MASK);
    robot.mouseRelease(InputEvent.BUTTON1_DOWN_MASK);
    settle();
  }

  private void picture(Path file) throws Exception {
    settle();
    robot.delay(200);
    Rectangle bounds = window[0].frame().getBounds();
    ImageIO.write(robot.createScreenCapture(bounds), "png", file.toFile());
  }

  private static void awaitThat(String what, BooleanSupplier holds) throws Exception {
    long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(TIMEOUT_S);
    boolean[] held = new boolean[1];
    while (!held[0]) {
      assertThat(System.nanoTime()).as("waited for " + what).isLessThan(limit);
      SwingUtilities.invokeAndWait(() -> held[0] = holds.getAsBoolean());
      Thread.sleep(5);
    }
  }

  private <T extends Component> T find(Class<T> type, String name) {
    return findAll(type, name).getFirst();
  }

  private <T extends Component> List<T> findAll(Class<T> type, String name) {
    List<T> found = new ArrayList<>();
    collect(window[0].frame(), type, name, found);
    return found;
  }

  private static <T extends Component> void collect(
      Container container, Class<T> type, String name, List<T> found) {
    for (Component component : container.getComponents()) {
      if (type.isInstance(component) && name.equals(component.getName())) {
        found.add(type.cast(component));
      }
      if (component instanceof Container inner) {
        collect(inner, type, name, found);
      }
    }
  }
}
