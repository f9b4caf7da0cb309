package dev.qwq.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Qwen2 vocabulary gives the ids that Hugging Face and the published cases give. */
class GoldenEncodingsTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir static Path folder;
  private static Tokenizer qwen2;

  @BeforeAll
  static void open() throws IOException {
    qwen2 = Shared.qwen2(folder);
  }

  @Test
  void encodesAndDecodesAsHuggingFace() throws IOException {
    JsonNode encodings = JSON.readTree(Shared.data("tokenizer/encodings.json").toFile());
    assertThat(encodings).hasSize(153);
    for (JsonNode encoding : encodings) {
      String text = encoding.get("text").textValue();
      int[] ids = ints(encoding.get("ids"));
      assertThat(qwen2.encode(text)).as(text).isEqualTo(ids);
      assertThat(qwen2.encode(text.getBytes(StandardCharsets.UTF_8), true)).as(text).isEqualTo(ids);
      assertThat(qwen2.decode(ids)).as(text).isEqualTo(encoding.get("decoded").textValue());
      IncrementalDetokenizer detokenizer = qwen2.newDetokenizer();
      StringBuilder streamed = new StringBuilder();
      for (int id : ids) {
        streamed.append(detokenizer.accept(id));
      }
      assertThat(streamed.append(detokenizer.finish()))
          .asString()
          .isEqualTo(encoding.get("decoded").textValue());
    }
  }

  @Test
  void encodesThePublishedCases() throws IOException {
    String separator = "\n__ggml_vocab_test__\n";
    String input = Files.readString(Shared.data("tokenizer/cases.inp"));
    List<String> outputs = Files.readAllLines(Shared.data("tokenizer/cases.out"));
    assertThat(input).endsWith(separator);
    String[] texts = input.split(separator, -1);
    assertThat(texts).hasSize(47); // the last is what follows the last separator
    assertThat(outputs).hasSize(46);
    for (int i = 0; i < outputs.size(); i++) {
      int[] expected =
          Arrays.stream(outputs.get(i).trim().split(" "))
              .filter(id -> !id.isEmpty())
              .mapToInt(Integer::parseInt)
              .toArray();
      assertThat(qwen2.encode(texts[i])).as("case %d: %s", i, texts[i]).isEqualTo(expected);
    }
  }

  @Test
  void knowsSizesAndAddedTokens() {
    assertThat(qwen2.size()).isEqualTo(151_669);
    assertThat(qwen2.id("<|im_end|>")).hasValue(151_645);
    assertThat(qwen2.id("<|nonesuch|>")).isEmpty();
    assertThat(qwen2.isAdded(151_667)).isTrue();
    assertThat(qwen2.isAdded(151_642)).isFalse();
    assertThat(qwen2.piece(151_667)).isEqualTo("<think>");
    assertThat(qwen2.piece(qwen2.encode(" \u6F14")[0])).startsWith(" ");
  }

  @Test
  void readsAddedTokensAsTextWhenTold() {
    assertThat(qwen2.encode("<|im_end|>", false)).hasSizeGreaterThan(1).doesNotContain(151_645);
    assertThat(qwen2.decode(qwen2.encode("a<|im_end|>b", false))).isEqualTo("a<|im_end|>b");
  }

  @Test
  void longRunOfLettersIsNotQuadratic() {
    // A million letters in one word: the square would be 10^12 steps, hours; this takes a second.
    String run = "abcdefghij".repeat(100_000);
    org.junit.jupiter.api.Assertions.assertTimeoutPreemptively(
        java.time.Duration.ofSeconds(60),
        () -> assertThat(qwen2.decode(qwen2.encode(run))).isEqualTo(run));
  }

  private static int[] ints(JsonNode array) {
    int[] ints = new int[array.size()];
    for (int i = 0; i < ints.length; i++) {
      ints[i] = array.get(i).intValue();
    }
    return ints;
  }
}
