package dev.qwq.examples.desktop;

import java.awt.Component;
import javax.swing.BorderFactory;
import javax.swing.JTextPane;
import javax.swing.text.AttributeSet;
import javax.swing.text.BadLocationException;
import javax.swing.text.SimpleAttributeSet;
import javax.swing.text.StyleConstants;

/** An answer while it comes. Of Markdown it shows what is bold; all else stays as it is written. */
final class AnswerText {
  private static final String MARK = "**";
  private static final AttributeSet PLAIN = SimpleAttributeSet.EMPTY;
  private static final AttributeSet BOLD = bold();

  private final JTextPane pane = new JTextPane();
  private boolean isBold;
  private String held = ""; // a star that may be half a mark

  AnswerText() {
    pane.setName("answer");
    pane.setEditable(false);
    pane.setOpaque(false);
    pane.setBorder(BorderFactory.createEmptyBorder());
  }

  private static AttributeSet bold() {
    SimpleAttributeSet bold = new SimpleAttributeSet();
    StyleConstants.setBold(bold, true);
    return bold;
  }

  Component component() {
    return pane;
  }

  boolean isEmpty() {
    return pane.getDocument().getLength() == 0 && held.isEmpty();
  }

  void append(String piece) {
    String text = held + piece;
    held = "";
    for (int mark = text.indexOf(MARK); mark >= 0; mark = text.indexOf(MARK)) {
      insert(text.substring(0, mark));
      isBold = !isBold;
      text = text.substring(mark + MARK.length());
    }
    if (text.endsWith("*")) {
      held = "*";
      text = text.substring(0, text.length() - 1);
    }
    insert(text);
  }

  /** Nothing more comes. */
  void end() {
    insert(held);
    held = "";
  }

  private void insert(String text) {
    try {
      pane.getDocument().insertString(pane.getDocument().getLength(), text, isBold ? BOLD : PLAIN);
    } catch (BadLocationException e) {
      throw new IllegalStateException(e); // the end is always there
    }
  }
}
