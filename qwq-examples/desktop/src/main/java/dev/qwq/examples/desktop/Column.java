package dev.qwq.examples.desktop;

import java.awt.Component;
import java.awt.Container;
import java.awt.Dimension;
import java.awt.Insets;
import java.awt.LayoutManager;
import java.awt.Rectangle;
import javax.swing.JPanel;
import javax.swing.Scrollable;

/** Stacks components: each as wide as the column, and as high as its text needs at that width. */
final class Column extends JPanel implements Scrollable {
  private static final int LINE = 24;
  private static final int TALL = 10_000;

  Column(int gap) {
    super(new Stack(gap));
    setOpaque(false);
  }

  private record Stack(int gap) implements LayoutManager {
    @Override
    public void addLayoutComponent(String name, Component component) {}

    @Override
    public void removeLayoutComponent(Component component) {}

    @Override
    public Dimension preferredLayoutSize(Container column) {
      return new Dimension(column.getWidth(), stack(column, false));
    }

    @Override
    public Dimension minimumLayoutSize(Container column) {
      return preferredLayoutSize(column);
    }

    @Override
    public void layoutContainer(Container column) {
      stack(column, true);
    }

    private int stack(Container column, boolean place) {
      Insets insets = column.getInsets();
      int width = Math.max(1, column.getWidth() - insets.left - insets.right);
      int y = insets.top;
      for (Component child : column.getComponents()) {
        if (child.isVisible()) {
          y += y > insets.top ? gap : 0;
          int before = child.getHeight();
          child.setSize(width, TALL); // text breaks its lines by the width it has
          int height = child.getPreferredSize().height;
          if (place) {
            child.setBounds(insets.left, y, width, height);
          } else {
            child.setSize(width, before);
          }
          y += height;
        }
      }
      return y + insets.bottom;
    }
  }

  @Override
  public Dimension getPreferredScrollableViewportSize() {
    return getPreferredSize();
  }

  @Override
  public int getScrollableUnitIncrement(Rectangle visible, int orientation, int direction) {
    return LINE;
  }

  @Override
  public int getScrollableBlockIncrement(Rectangle visible, int orientation, int direction) {
    return visible.height - LINE;
  }

  @Override
  public boolean getScrollableTracksViewportWidth() {
    return true;
  }

  @Override
  public boolean getScrollableTracksViewportHeight() {
    return false;
  }
}
