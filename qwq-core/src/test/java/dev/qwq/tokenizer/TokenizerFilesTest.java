package dev.qwq.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.qwq.ErrorCode;
import dev.qwq.MalformedFileException;
import dev.qwq.QwqException;
import dev.qwq.UnsupportedModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What files say is believed only if it is known and consistent. */
class TokenizerFilesTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path folder;

  @Test
  void readsBothSpellingsOfMerges() throws IOException {
    Tokenizer pairs = open(json -> {});
    Tokenizer strings =
        open(
            json -> {
              ArrayNode merges = ((ObjectNode) json.get("model")).putArray("merges");
              merges.add("a b");
            });
    assertThat(pairs.encode("abab")).containsExactly(256, 256);
    assertThat(strings.encode("abab")).containsExactly(256, 256);
    assertThat(pairs.encode("<|x|>ab")).containsExactly(257, 256);
  }

  @Test
  void normalisesOnlyIfTheFileSaysSo() throws IOException {
    String decomposed = "e\u0301";
    assertThat(open(json -> {}).encode(decomposed)).hasSize(2); // e with acute: two bytes
    assertThat(open(json -> json.putNull("normalizer")).encode(decomposed)).hasSize(3);
    // The combining mark stands between added token and word: cut first, then normalised.
    assertThat(open(json -> {}).encode("<|x|>\u0338a")[0]).isEqualTo(257);
  }

  @Test
  void namesWhatItDoesNotSupport() {
    unsupported("normalizer", json -> json.putObject("normalizer").put("type", "NFKC"));
    unsupported("normalizer", json -> json.put("normalizer", "NFC"));
    unsupported("pre_tokenizer", json -> json.putObject("pre_tokenizer").put("type", "Metaspace"));
    unsupported("pre_tokenizer", json -> json.putNull("pre_tokenizer"));
    unsupported(
        "pattern", json -> ((ObjectNode) split(json).get("pattern")).put("Regex", "\\p{N}{1,3}"));
    unsupported("Split", json -> split(json).put("behavior", "Removed"));
    unsupported("Split", json -> split(json).put("invert", true));
    unsupported("ByteLevel", json -> byteLevel(json).put("add_prefix_space", true));
    unsupported("ByteLevel", json -> byteLevel(json).remove("use_regex"));
    unsupported("decoder", json -> json.putObject("decoder").put("type", "WordPiece"));
    unsupported("model.type", json -> model(json).put("type", "Unigram"));
    unsupported("dropout", json -> model(json).put("dropout", 0.1));
    unsupported("ignore_merges", json -> model(json).put("ignore_merges", true));
    unsupported("end_of_word_suffix", json -> model(json).put("end_of_word_suffix", "</w>"));
    unsupported(
        "lstrip", json -> ((ObjectNode) json.get("added_tokens").get(0)).put("lstrip", true));
    unsupported(
        "post_processor", json -> json.putObject("post_processor").put("type", "BertProcessing"));
  }

  @Test
  void namesWhatIsDamaged() {
    malformed("model", json -> json.put("model", 3));
    malformed("model", json -> model(json).put("vocab", 3));
    malformed("model", json -> model(json).remove("merges"));
    malformed("token \"a\"", json -> ((ObjectNode) model(json).get("vocab")).put("a", -1));
    malformed("token \"a\"", json -> ((ObjectNode) model(json).get("vocab")).put("a", 1L << 40));
    malformed(
        "token \"a\"", json -> ((ObjectNode) model(json).get("vocab")).put("a", 2_000_000_000));
    malformed("token \"a\"", json -> ((ObjectNode) model(json).get("vocab")).put("a", "1"));
    malformed("vocabulary", json -> ((ObjectNode) model(json).get("vocab")).put("a", 9));
    malformed("vocabulary", json -> ((ObjectNode) model(json).get("vocab")).remove("a"));
    malformed("merge 1", json -> ((ArrayNode) model(json).get("merges")).addArray().add("a"));
    malformed("merge 1", json -> ((ArrayNode) model(json).get("merges")).add("a c"));
    malformed("merge 1", json -> ((ArrayNode) model(json).get("merges")).add(7));
    malformed("id", json -> ((ObjectNode) json.get("added_tokens").get(0)).put("id", -7));
    malformed("content", json -> ((ObjectNode) json.get("added_tokens").get(0)).remove("content"));
  }

  @Test
  void readsTheConfigurationBesideIt() throws IOException {
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        """
        {"bos_token": {"content": "<|y|>"}, "eos_token": "<|x|>", "pad_token": null,
         "add_bos_token": true,
         "added_tokens_decoder": {"258": {"content": "<|y|>", "special": true}}}
        """);
    Tokenizer tokenizer = open(json -> {});
    assertThat(tokenizer.bosId()).hasValue(258);
    assertThat(tokenizer.eosId()).hasValue(257);
    assertThat(tokenizer.padId()).isEmpty();
    assertThat(tokenizer.addBos()).isTrue();
    assertThat(tokenizer.isSpecial(258)).isTrue();
    assertThat(tokenizer.encode("<|y|>")).containsExactly(258); // nothing is prepended

    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        "{\"added_tokens_decoder\": {\"300\": {\"content\": \"<|x|>\"}}}");
    assertThatThrownBy(() -> open(json -> {}))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("<|x|>");
    Files.writeString(folder.resolve("tokenizer_config.json"), "{\"eos_token\": \"<|nothing|>\"}");
    assertThatThrownBy(() -> open(json -> {}))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("eos_token");
  }

  @Test
  void takesTheFirstTokenFromThePostProcessor() throws IOException {
    Tokenizer tokenizer =
        open(
            json -> {
              ObjectNode processor = json.putObject("post_processor");
              processor.put("type", "TemplateProcessing");
              ArrayNode single = processor.putArray("single");
              single.addObject().putObject("SpecialToken").put("id", "<|x|>").put("type_id", 0);
              single.addObject().putObject("Sequence").put("id", "A").put("type_id", 0);
            });
    assertThat(tokenizer.bosId()).hasValue(257);
    assertThat(tokenizer.addBos()).isTrue();
  }

  @Test
  void tellsAbsentFromUnreadable() throws IOException {
    assertThatThrownBy(() -> Tokenizer.open(folder.resolve("nothing")))
        .isInstanceOfSatisfying(
            QwqException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.FILE_UNREADABLE));
    assertThatThrownBy(() -> Tokenizer.open(folder))
        .isInstanceOfSatisfying(
            QwqException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.NO_TOKENIZER));
    assertThat(TokenizerData.readFolder(folder)).isEmpty();
    Files.createDirectory(folder.resolve("tokenizer.json"));
    assertThatThrownBy(() -> Tokenizer.open(folder))
        .isInstanceOfSatisfying(
            QwqException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.FILE_UNREADABLE));
  }

  @Test
  void damagedFilesGiveTypedErrors() throws IOException {
    long seed = 20_260_305;
    Random random = new Random(seed);
    byte[] sound = JSON.writeValueAsBytes(sound());
    Path file = folder.resolve("tokenizer.json");
    int refused = 0;
    for (int round = 0; round < 2_000; round++) {
      byte[] bytes = sound.clone();
      switch (round % 3) {
        case 0 -> bytes = java.util.Arrays.copyOf(bytes, random.nextInt(bytes.length));
        case 1 -> {
          for (int i = 0; i < 4; i++) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
          }
        }
        default -> {
          int from = random.nextInt(bytes.length);
          int to = random.nextInt(bytes.length);
          int length = Math.min(random.nextInt(40), bytes.length - Math.max(from, to));
          System.arraycopy(sound, from, bytes, to, length);
        }
      }
      Files.write(file, bytes);
      try {
        Tokenizer tokenizer = Tokenizer.open(folder);
        tokenizer.decode(tokenizer.encode("abc <|x|> \u00E9"));
      } catch (QwqException e) {
        refused++; // any other exception fails the test
      } catch (RuntimeException | Error e) {
        throw new AssertionError("seed " + seed + ", round " + round, e);
      }
    }
    assertThat(refused).isGreaterThan(1_000);
  }

  @Test
  void deepNestingIsRefused() throws IOException {
    Files.writeString(folder.resolve("tokenizer.json"), "{\"decoder\":" + "[".repeat(1_000_000));
    assertThatThrownBy(() -> Tokenizer.open(folder)).isInstanceOf(MalformedFileException.class);
  }

  @Test
  void readsGgufMetadata() {
    Tokenizer tokenizer = Tokenizer.of(TokenizerData.fromGguf(folder, gguf()).orElseThrow());
    assertThat(tokenizer.size()).as("without padding").isEqualTo(259);
    assertThat(tokenizer.encode("ab<|x|><t>")).containsExactly(256, 257, 258);
    assertThat(tokenizer.isSpecial(257)).isTrue();
    assertThat(tokenizer.isSpecial(258)).isFalse();
    assertThat(tokenizer.eosId()).hasValue(257);
    assertThat(tokenizer.addBos()).isFalse();
    assertThat(TokenizerData.fromGguf(folder, Map.of())).isEmpty();
  }

  @Test
  void namesWhatIsWrongInGgufMetadata() {
    gguf(UnsupportedModelException.class, "model", "llama");
    gguf(UnsupportedModelException.class, "pre", "gpt-4o");
    gguf(UnsupportedModelException.class, "pre", null);
    gguf(UnsupportedModelException.class, "add_eos_token", true);
    gguf(MalformedFileException.class, "model", 3);
    gguf(MalformedFileException.class, "tokens", null);
    gguf(MalformedFileException.class, "tokens", List.of());
    gguf(MalformedFileException.class, "tokens", List.of(1, 2));
    gguf(MalformedFileException.class, "token_type", List.of(1));
    gguf(MalformedFileException.class, "merges", "a b");
    gguf(MalformedFileException.class, "merges", List.of(1));
    gguf(MalformedFileException.class, "eos_token_id", -1);
    gguf(MalformedFileException.class, "eos_token_id", 4_000);
    gguf(MalformedFileException.class, "add_bos_token", 1);
  }

  private void gguf(Class<? extends QwqException> type, String key, Object value) {
    Map<String, Object> metadata = new HashMap<>(gguf());
    if (value == null) {
      metadata.remove("tokenizer.ggml." + key);
    } else {
      metadata.put("tokenizer.ggml." + key, value);
    }
    assertThatThrownBy(() -> Tokenizer.of(TokenizerData.fromGguf(folder, metadata).orElseThrow()))
        .as("%s = %s", key, value)
        .isInstanceOf(type);
  }

  private static Map<String, Object> gguf() {
    List<String> tokens = new ArrayList<>(TestData.bytes());
    tokens.addAll(List.of("ab", "<|x|>", "<t>", "[PAD259]"));
    List<Integer> types = new ArrayList<>(java.util.Collections.nCopies(257, 1));
    types.addAll(List.of(3, 4, 5));
    String prefix = "tokenizer.ggml.";
    return Map.of(
        prefix + "model",
        "gpt2",
        prefix + "pre",
        "qwen2",
        prefix + "tokens",
        tokens,
        prefix + "token_type",
        types,
        prefix + "merges",
        List.of("a b"),
        prefix + "eos_token_id",
        257L,
        prefix + "add_bos_token",
        false);
  }

  private void unsupported(String field, Consumer<ObjectNode> change) {
    assertThatThrownBy(() -> open(change))
        .isInstanceOf(UnsupportedModelException.class)
        .hasMessageContaining(field);
  }

  private void malformed(String field, Consumer<ObjectNode> change) {
    assertThatThrownBy(() -> open(change))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining(field);
  }

  private Tokenizer open(Consumer<ObjectNode> change) throws IOException {
    ObjectNode json = sound();
    change.accept(json);
    JSON.writeValue(folder.resolve("tokenizer.json").toFile(), json);
    return Tokenizer.open(folder);
  }

  private static ObjectNode model(ObjectNode json) {
    return (ObjectNode) json.get("model");
  }

  private static ObjectNode split(ObjectNode json) {
    return (ObjectNode) json.get("pre_tokenizer").get("pretokenizers").get(0);
  }

  private static ObjectNode byteLevel(ObjectNode json) {
    return (ObjectNode) json.get("pre_tokenizer").get("pretokenizers").get(1);
  }

  private static ObjectNode sound() {
    ObjectNode json = JSON.createObjectNode();
    ObjectNode token = json.putArray("added_tokens").addObject();
    token.put("id", 257).put("content", "<|x|>").put("special", true).put("normalized", false);
    json.putObject("normalizer").put("type", "NFC");
    ObjectNode pre = json.putObject("pre_tokenizer").put("type", "Sequence");
    ArrayNode parts = pre.putArray("pretokenizers");
    ObjectNode split = parts.addObject().put("type", "Split");
    split.putObject("pattern").put("Regex", TokenizerJson.QWEN2_PATTERN);
    split.put("behavior", "Isolated").put("invert", false);
    parts
        .addObject()
        .put("type", "ByteLevel")
        .put("add_prefix_space", false)
        .put("use_regex", false);
    json.putObject("decoder").put("type", "ByteLevel");
    ObjectNode model = json.putObject("model").put("type", "BPE");
    ObjectNode vocab = model.putObject("vocab");
    List<String> bytes = TestData.bytes();
    for (int id = 0; id < 256; id++) {
      vocab.put(bytes.get(id), id);
    }
    vocab.put("ab", 256);
    model.putArray("merges").addArray().add("a").add("b");
    return json;
  }
}
