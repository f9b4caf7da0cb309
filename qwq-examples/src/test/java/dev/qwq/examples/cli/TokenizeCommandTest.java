package dev.qwq.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizeCommandTest {
  @TempDir Path folder;

  @Test
  void recognisesSpecialTokensUnlessTold() throws IOException {
    JsonNode special = Cli.run("tokenize", "--text", "hi<|im_end|>", "--json").json();
    assertThat(special.get("tokens").get(special.get("tokens").size() - 1).intValue())
        .isEqualTo(1273);
    assertThat(special.get("pieces")).hasSameSizeAs(special.get("tokens"));
    JsonNode plain = Cli.run("tokenize", "--text", "hi<|im_end|>", "--no-special", "--json").json();
    assertThat(plain.get("tokens")).doesNotContain(special.get("tokens").get(1));
    StringBuilder text = new StringBuilder();
    plain.get("pieces").forEach(piece -> text.append(piece.textValue()));
    assertThat(text).asString().isEqualTo("hi<|im_end|>");
  }

  @Test
  void takesTheBytesOfAFileAsTheyAre() throws IOException {
    Path file = folder.resolve("text");
    Files.write(file, "\uFEFFa\r\nb".getBytes(StandardCharsets.UTF_8));
    JsonNode fromFile = Cli.run("tokenize", "--file", file, "--json").json();
    JsonNode fromText = Cli.run("tokenize", "--text", "\uFEFFa\r\nb", "--json").json();
    assertThat(fromFile).isEqualTo(fromText);
    assertThat(fromFile.get("pieces").get(3).textValue()).isEqualTo("a");
    Files.write(file, new byte[] {'a', (byte) 0xFF, 'b'});
    assertThat(
            Cli.run("tokenize", "--file", file, "--json").json().get("pieces").get(1).textValue())
        .isEqualTo("<0xFF>");
  }

  @Test
  void emptyTextHasNoTokens() throws IOException {
    assertThat(Cli.run("tokenize", "--text", "", "--json").out())
        .isEqualTo("{\"tokens\":[],\"pieces\":[]}" + System.lineSeparator());
  }

  @Test
  void printsForPeopleToo() {
    Cli cli = Cli.run("tokenize", "--text", "a\nb\u001B[2J");
    assertThat(cli.status()).isZero();
    assertThat(cli.out()).contains("\\n").contains("\\x1B").doesNotContain("\u001B");
  }
}
