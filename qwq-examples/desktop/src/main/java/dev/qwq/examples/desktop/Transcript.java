package dev.qwq.examples.desktop;

import java.awt.Component;
import javax.swing.BorderFactory;
import javax.swing.JScrollBar;
import javax.swing.JScrollPane;
import javax.swing.ScrollPaneConstants;

/** The conversation so far. Stays at its end while it grows, unless somebody has scrolled away. */
final class Transcript {
  private final Column column = new Column(14);
  private final JScrollPane scroll =
      new JScrollPane(
          column,
          ScrollPaneConstants.VERTICAL_SCROLLBAR_AS_NEEDED,
          ScrollPaneConstants.HORIZONTAL_SCROLLBAR_NEVER);
  private int lastMaximum;

  Transcript() {
    column.setBorder(BorderFactory.createEmptyBorder(16, 20, 16, 20));
    scroll.setBorder(BorderFactory.createEmptyBorder());
    JScrollBar bar = scroll.getVerticalScrollBar();
    bar.getModel()
        .addChangeListener(
            event -> {
              boolean wasAtEnd = bar.getValue() + bar.getVisibleAmount() >= lastMaximum - 8;
              if (bar.getMaximum() != lastMaximum) {
                lastMaximum = bar.getMaximum();
                if (wasAtEnd) {
                  bar.setValue(lastMaximum);
                }
              }
            });
  }

  Component component() {
    return scroll;
  }

  void add(Component part) {
    column.add(part);
    column.revalidate();
  }

  void clear() {
    column.removeAll();
    column.revalidate();
    column.repaint();
  }
}
