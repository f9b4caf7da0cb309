package dev.qwq.examples.desktop;

import com.formdev.flatlaf.FlatClientProperties;
import javax.swing.BorderFactory;
import javax.swing.JComponent;
import javax.swing.JPanel;
import javax.swing.JTextArea;

/** The looks of text in a conversation. */
final class Texts {
  private Texts() {}

  /** Text that breaks its lines and can be selected. */
  static JTextArea wrapped(String name) {
    JTextArea text = new JTextArea();
    text.setName(name);
    text.setEditable(false);
    text.setLineWrap(true);
    text.setWrapStyleWord(true);
    text.setOpaque(false);
    text.setBorder(BorderFactory.createEmptyBorder());
    return text;
  }

  /** Gives a component a style that follows the theme. */
  static void style(JComponent component, String style) {
    component.putClientProperty(FlatClientProperties.STYLE, style);
  }

  /** What a person said: a rounded box at the right. */
  static JPanel bubble(String message) {
    JTextArea text = wrapped("message");
    text.setText(message);
    Column box = new Column(0);
    box.setOpaque(true);
    box.setBorder(BorderFactory.createEmptyBorder(8, 12, 8, 12));
    style(box, "arc: 18; background: fade($Component.accentColor,20%)");
    box.add(text);
    Column indented = new Column(0);
    indented.setBorder(BorderFactory.createEmptyBorder(0, 96, 0, 0));
    indented.add(box);
    return indented;
  }

  /** A sentence about what went wrong. */
  static JTextArea error(String sentence) {
    JTextArea text = wrapped("error");
    text.setText(sentence);
    style(text, "foreground: $Component.error.focusedBorderColor");
    return text;
  }
}
