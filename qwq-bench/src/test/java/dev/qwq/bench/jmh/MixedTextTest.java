package dev.qwq.bench.jmh;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qwq.bench.TinyModel;
import dev.qwq.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class MixedTextTest {
  @Test
  void isTheSameEachTimeAndAsLongAsAskedFor() {
    String text = MixedText.ofBytes(50_000, 1);

    assertThat(text).isEqualTo(MixedText.ofBytes(50_000, 1));
    assertThat(text).isNotEqualTo(MixedText.ofBytes(50_000, 2));
    assertThat(text.getBytes(StandardCharsets.UTF_8).length).isBetween(50_000, 60_000);
  }

  @Test
  void isValidTextThatSurvivesTheTokenizer() throws IOException {
    String text = MixedText.ofBytes(20_000, 3);
    try (TinyModel tiny = TinyModel.unpack()) {
      Tokenizer tokenizer = Tokenizer.open(tiny.folder());

      // Greek and Cyrillic are NFC already; only what is made of several characters would change.
      assertThat(tokenizer.decode(tokenizer.encode(text, false))).isEqualTo(text);
    }
  }
}
