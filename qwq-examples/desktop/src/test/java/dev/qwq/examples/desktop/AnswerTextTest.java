package dev.qwq.examples.desktop;

import static org.assertj.core.api.Assertions.assertThat;

import javax.swing.JTextPane;
import javax.swing.text.StyleConstants;
import org.junit.jupiter.api.Test;

/** Bold text, wherever the pieces are cut. */
class AnswerTextTest {
  private static String shown(String... pieces) {
    AnswerText answer = new AnswerText();
    for (String piece : pieces) {
      answer.append(piece);
    }
    answer.end();
    JTextPane pane = (JTextPane) answer.component();
    StringBuilder shown = new StringBuilder();
    boolean bold = false;
    for (int i = 0; i < pane.getDocument().getLength(); i++) {
      boolean now =
          StyleConstants.isBold(pane.getStyledDocument().getCharacterElement(i).getAttributes());
      shown.append(now == bold ? "" : now ? "<b>" : "</b>").append(pane.getText().charAt(i));
      bold = now;
    }
    return shown.toString();
  }

  @Test
  void marksTurnBoldOnAndOff() {
    assertThat(shown("It is **42**, not 41.")).isEqualTo("It is <b>42</b>, not 41.");
    assertThat(shown("It is *", "*4", "2*", "*, not 41.")).isEqualTo("It is <b>42</b>, not 41.");
  }

  @Test
  void singleStarsStay() {
    assertThat(shown("2 * 3", "*", " 4 *")).isEqualTo("2 * 3* 4 *");
  }
}
