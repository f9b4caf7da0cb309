package dev.qwq.examples.desktop;

import dev.qwq.FinishReason;
import dev.qwq.ModelInfo;
import dev.qwq.Usage;
import java.awt.BorderLayout;
import java.awt.Dimension;
import java.awt.event.ActionEvent;
import java.awt.event.InputEvent;
import java.awt.event.KeyEvent;
import java.awt.event.WindowAdapter;
import java.awt.event.WindowEvent;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Function;
import javax.swing.AbstractAction;
import javax.swing.Action;
import javax.swing.BorderFactory;
import javax.swing.Box;
import javax.swing.JButton;
import javax.swing.JComponent;
import javax.swing.JFileChooser;
import javax.swing.JFrame;
import javax.swing.JLabel;
import javax.swing.JPanel;
import javax.swing.JProgressBar;
import javax.swing.JScrollPane;
import javax.swing.JTextArea;
import javax.swing.JToolBar;
import javax.swing.KeyStroke;
import org.jspecify.annotations.Nullable;

/** The window: a conversation, a field to write in, and a line about the model and its speed. */
final class ChatWindow implements ChatView {
  private final JFrame frame = new JFrame("qwq");
  private final Transcript transcript = new Transcript();
  private final JTextArea input = new JTextArea(3, 40);
  private final JButton sendOrStop = new JButton("Send");
  private final JLabel model = new JLabel(" ");
  private final JLabel status = new JLabel(" ");
  private final JProgressBar progress = new JProgressBar();
  private final Runnable whenClosed;
  private final ChatPresenter presenter;
  private @Nullable ReplyPanel reply;
  private Phase phase = Phase.NO_MODEL;

  /**
   * Creates a window, on the UI thread; {@link #show} shows it.
   *
   * @param connect makes the program behind the window
   * @param whenClosed called, on the UI thread, when somebody has closed it
   */
  ChatWindow(Function<ChatView, ChatPresenter> connect, Runnable whenClosed) {
    this.whenClosed = whenClosed;
    layOut();
    bindKeys();
    presenter = connect.apply(this);
  }

  void show() {
    frame.setVisible(true);
    input.requestFocusInWindow();
  }

  JFrame frame() {
    return frame;
  }

  ChatPresenter presenter() {
    return presenter;
  }

  private void layOut() {
    frame.setDefaultCloseOperation(JFrame.DISPOSE_ON_CLOSE);
    frame.addWindowListener(
        new WindowAdapter() {
          @Override
          public void windowClosed(WindowEvent event) {
            whenClosed.run();
          }
        });
    frame.add(toolBar(), BorderLayout.NORTH);
    frame.add(transcript.component(), BorderLayout.CENTER);
    frame.add(bottom(), BorderLayout.SOUTH);
    frame.setMinimumSize(new Dimension(420, 360));
    frame.setSize(760, 640);
    frame.setLocationRelativeTo(null);
  }

  private JToolBar toolBar() {
    JToolBar bar = new JToolBar();
    bar.setFloatable(false);
    bar.add(button("newChat", "New chat", () -> presenter().newChat()));
    bar.add(button("open", "Open model…", this::chooseModel));
    bar.add(Box.createHorizontalGlue());
    bar.add(button("theme", "Light / dark", Themes::toggle));
    return bar;
  }

  private static JButton button(String name, String text, Runnable action) {
    JButton button = new JButton(text);
    button.setName(name);
    button.addActionListener(event -> action.run());
    return button;
  }

  private JPanel bottom() {
    input.setName("input");
    input.setLineWrap(true);
    input.setWrapStyleWord(true);
    sendOrStop.setName("sendOrStop");
    sendOrStop.addActionListener(event -> sendOrStop());
    status.setName("status");
    progress.setName("progress");
    model.setName("model");
    JPanel line = new JPanel(new BorderLayout(12, 0));
    line.add(model, BorderLayout.CENTER);
    line.add(progress, BorderLayout.WEST);
    line.add(status, BorderLayout.EAST);
    JPanel panel = new JPanel(new BorderLayout(8, 8));
    panel.setBorder(BorderFactory.createEmptyBorder(8, 12, 8, 12));
    panel.add(new JScrollPane(input), BorderLayout.CENTER);
    panel.add(sendOrStop, BorderLayout.EAST);
    panel.add(line, BorderLayout.SOUTH);
    return panel;
  }

  private void bindKeys() {
    bind(input, KeyStroke.getKeyStroke(KeyEvent.VK_ENTER, 0), this::send);
    input
        .getInputMap()
        .put(KeyStroke.getKeyStroke(KeyEvent.VK_ENTER, InputEvent.SHIFT_DOWN_MASK), "insert-break");
    JComponent everywhere = frame.getRootPane();
    int menu = InputEvent.CTRL_DOWN_MASK;
    bind(everywhere, KeyStroke.getKeyStroke(KeyEvent.VK_ESCAPE, 0), () -> presenter().stop());
    bind(everywhere, KeyStroke.getKeyStroke(KeyEvent.VK_N, menu), () -> presenter().newChat());
    bind(everywhere, KeyStroke.getKeyStroke(KeyEvent.VK_O, menu), this::chooseModel);
  }

  private static void bind(JComponent component, KeyStroke key, Runnable action) {
    int scope =
        component instanceof JTextArea
            ? JComponent.WHEN_FOCUSED
            : JComponent.WHEN_ANCESTOR_OF_FOCUSED_COMPONENT;
    component.getInputMap(scope).put(key, key);
    Action named =
        new AbstractAction() {
          @Override
          public void actionPerformed(ActionEvent event) {
            action.run();
          }
        };
    component.getActionMap().put(key, named);
  }

  private void chooseModel() {
    JFileChooser chooser = new JFileChooser();
    chooser.setDialogTitle("A GGUF file, or the folder of a Hugging Face model");
    chooser.setFileSelectionMode(JFileChooser.FILES_AND_DIRECTORIES);
    if (chooser.showOpenDialog(frame) == JFileChooser.APPROVE_OPTION) {
      presenter.open(chooser.getSelectedFile().toPath());
    }
  }

  private void sendOrStop() {
    if (phase == Phase.REPLYING) {
      presenter.stop();
    } else {
      send();
    }
  }

  private void send() {
    if (phase == Phase.READY && !input.getText().isBlank()) {
      String message = input.getText().strip();
      input.setText("");
      presenter.send(message);
    }
  }

  void open(Path path) {
    presenter.open(path);
  }

  @Override
  public void showPhase(Phase now) {
    phase = now;
    sendOrStop.setText(now == Phase.REPLYING ? "Stop" : "Send");
    sendOrStop.setEnabled(now == Phase.READY || now == Phase.REPLYING);
    progress.setVisible(now == Phase.LOADING);
    progress.setValue(0);
    if (now == Phase.LOADING) {
      model.setText("Loading…");
      status.setText(" ");
    }
  }

  @Override
  public void showModel(String name, ModelInfo info) {
    model.setText(
        "%s, %s, %,d tokens of context"
            .formatted(name, bytes(info.weightBytes()), info.contextLength()));
    model.setToolTipText(
        "%d layers, %s on %d threads".formatted(info.layers(), info.cpuIsa(), info.threads()));
  }

  private static String bytes(long count) {
    return count < 1_000_000_000L
        ? "%d MB".formatted(count / 1_000_000)
        : "%.1f GB".formatted(count / 1e9);
  }

  @Override
  public void showLoading(long loadedBytes, long totalBytes) {
    progress.setMaximum(1000);
    progress.setValue((int) (1000.0 * loadedBytes / Math.max(1, totalBytes)));
  }

  @Override
  public void clear() {
    reply = null;
    transcript.clear();
    status.setText(" ");
  }

  @Override
  public void beginReply(String message) {
    reply = new ReplyPanel();
    transcript.add(Texts.bubble(message));
    transcript.add(reply.component());
  }

  private Optional<ReplyPanel> reply() {
    return Optional.ofNullable(reply);
  }

  @Override
  public void showReading(int processed, int total) {
    reply().ifPresent(panel -> panel.showReading(processed, total));
  }

  @Override
  public void addThinking(String text) {
    reply().ifPresent(panel -> panel.addThinking(text));
  }

  @Override
  public void addAnswer(String text) {
    reply().ifPresent(panel -> panel.addAnswer(text));
  }

  @Override
  public void showSpeed(double piecesPerSecond) {
    status.setText("about %.0f tokens/s".formatted(piecesPerSecond));
  }

  @Override
  public void endReply(Usage usage, FinishReason reason) {
    String remark =
        switch (reason) {
          case CANCELLED, DEADLINE -> "stopped";
          case REPETITION -> "ended: it went round in circles";
          case LENGTH -> "cut short: the context is full";
          default -> "";
        };
    reply().ifPresent(panel -> panel.end(remark));
    status.setText(
        "%d tokens, %d of them thinking, %.0f tokens/s"
            .formatted(usage.generatedTokens(), usage.thinkingTokens(), usage.tokensPerSecond()));
  }

  @Override
  public void showError(String sentence) {
    reply().ifPresent(panel -> panel.end(""));
    transcript.add(Texts.error(sentence));
  }
}
