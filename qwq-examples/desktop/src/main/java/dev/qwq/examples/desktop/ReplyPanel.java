package dev.qwq.examples.desktop;

import javax.swing.BorderFactory;
import javax.swing.Icon;
import javax.swing.JButton;
import javax.swing.JPanel;
import javax.swing.JTextArea;
import javax.swing.SwingConstants;
import javax.swing.UIManager;

/** A reply: thinking, folded away until somebody wants to see it, and the answer. */
final class ReplyPanel {
  private final Column column = new Column(6);
  private final JButton fold = new JButton("Waiting…");
  private final JTextArea thinking = Texts.wrapped("thinking");
  private final AnswerText answer = new AnswerText();
  private final long start = System.nanoTime();
  private boolean thinks;

  ReplyPanel() {
    fold.setName("fold");
    fold.setHorizontalAlignment(SwingConstants.LEADING);
    fold.setEnabled(false);
    fold.setRequestFocusEnabled(false); // by a click; the input keeps it
    fold.addActionListener(event -> setOpen(!thinking.isVisible()));
    Texts.style(fold, "buttonType: borderless; foreground: $Label.disabledForeground");
    Texts.style(thinking, "foreground: $Label.disabledForeground");
    thinking.setBorder(BorderFactory.createEmptyBorder(0, 24, 4, 0));
    column.add(fold);
    column.add(thinking);
    column.add(answer.component());
    setOpen(false);
  }

  JPanel component() {
    return column;
  }

  private void setOpen(boolean open) {
    thinking.setVisible(open);
    Icon icon = UIManager.getIcon(open ? "Tree.expandedIcon" : "Tree.collapsedIcon");
    fold.setIcon(icon);
    column.revalidate();
  }

  void showReading(int processed, int total) {
    fold.setText(processed < total ? "Reading %d of %d…".formatted(processed, total) : "Waiting…");
  }

  void addThinking(String text) {
    thinks = true;
    fold.setText("Thinking…");
    fold.setEnabled(true);
    thinking.append(text);
  }

  void addAnswer(String text) {
    if (answer.isEmpty()) {
      endThinking();
    }
    answer.append(text);
  }

  /** The reply is over; a word says how, if not by itself. */
  void end(String remark) {
    if (answer.isEmpty()) {
      endThinking();
    }
    answer.end();
    if (!remark.isEmpty()) {
      addNote(remark);
    }
  }

  private void endThinking() {
    fold.setVisible(thinks);
    fold.setText("Thought for %.1f s".formatted((System.nanoTime() - start) / 1e9));
  }

  private void addNote(String remark) {
    JTextArea note = Texts.wrapped("note");
    note.setText(remark);
    Texts.style(note, "foreground: $Label.disabledForeground; font: italic");
    column.add(note);
    column.revalidate();
  }
}
