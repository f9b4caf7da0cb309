package dev.qwq.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The tiny model's {@code tokenizer.json} and {@code tokenizer_config.json}. */
class TinyTokenizerTest {
  @Test
  void readsEveryField() {
    Tokenizer tiny = Tokenizer.open(Shared.data("tiny"));
    assertThat(tiny.size()).isEqualTo(1280);
    assertThat(tiny.eosId()).hasValue(1273);
    assertThat(tiny.padId()).hasValue(1271);
    assertThat(tiny.bosId()).isEmpty();
    assertThat(tiny.addBos()).isFalse();
    assertThat(tiny.isSpecial(1272)).isTrue();
    assertThat(tiny.isSpecial(1278)).as("<think> is shown").isFalse();
    assertThat(tiny.isAdded(1278)).isTrue();
    assertThat(tiny.isAdded(-1)).isFalse();
    assertThat(tiny.isSpecial(1_000_000)).isFalse();
  }

  @Test
  void opensByFolderOrByEitherFile() {
    Path folder = Shared.data("tiny");
    int[] ids = Tokenizer.open(folder).encode("strawberry");
    assertThat(Tokenizer.open(folder.resolve("tokenizer.json")).encode("strawberry"))
        .isEqualTo(ids);
    assertThat(Tokenizer.open(folder.resolve("model.safetensors")).encode("strawberry"))
        .isEqualTo(ids);
  }

  @Test
  void encodesThePromptsOfItsGoldenTexts() throws IOException {
    Tokenizer tiny = Tokenizer.open(Shared.data("tiny"));
    JsonNode cases =
        new ObjectMapper().readTree(Shared.data("tiny/golden.json").toFile()).get("cases");
    assertThat(cases.size()).isEqualTo(49);
    for (JsonNode golden : cases) {
      int[] ids = new int[golden.get("prompt_tokens").size()];
      for (int i = 0; i < ids.length; i++) {
        ids[i] = golden.get("prompt_tokens").get(i).intValue();
      }
      String prompt = golden.get("prompt_text").textValue();
      assertThat(tiny.encode(prompt)).as(prompt).isEqualTo(ids);
      assertThat(tiny.decode(ids)).isEqualTo(prompt);
    }
  }
}
