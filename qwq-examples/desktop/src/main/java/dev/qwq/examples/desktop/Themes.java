package dev.qwq.examples.desktop;

import com.formdev.flatlaf.FlatDarkLaf;
import com.formdev.flatlaf.FlatLaf;
import com.formdev.flatlaf.FlatLightLaf;

/** Light and dark. */
final class Themes {
  private Themes() {}

  static void setUp(boolean dark) {
    if (dark) {
      FlatDarkLaf.setup();
    } else {
      FlatLightLaf.setup();
    }
  }

  static void toggle() {
    setUp(!FlatLaf.isLafDark());
    FlatLaf.updateUI();
  }
}
