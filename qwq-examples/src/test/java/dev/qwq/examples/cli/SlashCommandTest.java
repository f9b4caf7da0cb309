package dev.qwq.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SlashCommandTest {
  @Test
  void readsCommandAndArgument() {
    assertThat(SlashCommand.parse("/system  You are  brief. "))
        .hasValue(new SlashCommand.Call(SlashCommand.SYSTEM, "You are  brief."));
    assertThat(SlashCommand.parse("/EXIT")).hasValue(new SlashCommand.Call(SlashCommand.EXIT, ""));
    assertThat(SlashCommand.parse("/exits")).isEmpty();
  }

  @Test
  void messagesMayBeginWithASlash() {
    assertThat(SlashCommand.looksLikeOne("/")).isFalse();
    assertThat(SlashCommand.looksLikeOne("/ is a slash")).isFalse();
    assertThat(SlashCommand.looksLikeOne("// a comment")).isFalse();
    assertThat(SlashCommand.looksLikeOne("/help")).isTrue();
  }

  @Test
  void helpNamesAll() {
    for (SlashCommand command : SlashCommand.values()) {
      assertThat(SlashCommand.help()).contains(command.word());
    }
  }
}
