package dev.qwq.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class ChatScreenTest {
  private final StringWriter text = new StringWriter();

  @Test
  void dimsThinkingOnly() {
    ChatScreen screen = new ChatScreen(new PrintWriter(text), true);
    screen.reasoning("\nhm");
    screen.reasoning(" so\n");
    screen.answer("\n\n");
    screen.answer("\nFour");
    screen.end();
    assertThat(text).hasToString("\033[2mhm so\n\033[0m\nFour\033[0m\n");
  }

  @Test
  void namesThePartsWithoutStyle() {
    ChatScreen screen = new ChatScreen(new PrintWriter(text), false);
    screen.reasoning("hm");
    screen.answer("Four");
    screen.note("3 tokens");
    assertThat(text).hasToString("[thinking] hm\n[answer] Four\n3 tokens\n");
  }

  @Test
  void hidesThinkingWhenTold() {
    ChatScreen screen = new ChatScreen(new PrintWriter(text), false);
    screen.showThinking(false);
    screen.reasoning("hm");
    screen.reasoning("hm");
    screen.answer("Four");
    screen.end();
    assertThat(text).hasToString("(thinking…)\nFour\n");
  }

  @Test
  void modelsCannotControlTheTerminal() {
    ChatScreen screen = new ChatScreen(new PrintWriter(text), false);
    screen.answer("a\033]0;title\007b\u009B2Jc\r\td\n");
    assertThat(text).hasToString("a]0;titleb2Jc\td\n");
  }
}
