package dev.qwq.tokenizer;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import dev.qwq.MalformedFileException;
import dev.qwq.tokenizer.TokenizerData.AddedToken;
import dev.qwq.weights.JsonFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads {@code tokenizer.json}, the pipeline of Hugging Face's tokenizers library. Every stage that
 * changes ids must be one that qwq has; {@code truncation} and {@code padding} are left to callers.
 */
final class TokenizerJson {
  static final String QWEN2_PATTERN =
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}"
          + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

  private final Path file;
  private Map<String, Integer> vocabulary;
  private List<String> merges;
  private final Map<String, JsonNode> model = new HashMap<>();
  private final Map<String, JsonNode> stages = new HashMap<>();

  private TokenizerJson(Path file) {
    this.file = file;
  }

  static TokenizerData read(Path file, TokenizerConfig config) {
    TokenizerJson reader = new TokenizerJson(file);
    return JsonFile.read(
        file,
        parser -> {
          reader.parse(parser);
          return reader.assemble(config);
        });
  }

  private void parse(JsonParser parser) throws IOException {
    JsonFile.expect(file, "content", JsonToken.START_OBJECT, parser.nextToken());
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String field = fieldName(file, parser);
      parser.nextToken();
      if (field.equals("model")) {
        parseModel(parser);
      } else {
        stages.put(field, parser.readValueAsTree());
      }
    }
  }

  private void parseModel(JsonParser parser) throws IOException {
    JsonFile.expect(file, "model", JsonToken.START_OBJECT, parser.currentToken());
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String field = fieldName(file, parser);
      JsonToken value = parser.nextToken();
      if (field.equals("vocab") && value == JsonToken.START_OBJECT) {
        vocabulary = readVocabulary(file, parser);
      } else if (field.equals("merges") && value == JsonToken.START_ARRAY) {
        merges = readMerges(parser);
      } else {
        model.put(field, parser.readValueAsTree());
      }
    }
  }

  private static String fieldName(Path file, JsonParser parser) throws IOException {
    JsonFile.expect(file, "content", JsonToken.FIELD_NAME, parser.currentToken());
    return parser.currentName();
  }

  /** Reads an object of ids whose opening brace has just been read. */
  static Map<String, Integer> readVocabulary(Path file, JsonParser parser) throws IOException {
    Map<String, Integer> ids = HashMap.newHashMap(1 << 15);
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String token = fieldName(file, parser);
      boolean number = parser.nextToken() == JsonToken.VALUE_NUMBER_INT;
      long id =
          number && parser.getNumberType() == JsonParser.NumberType.INT ? parser.getIntValue() : -1;
      if (id < 0 || id > Vocabulary.MAX_ID) {
        throw new MalformedFileException(
            file,
            "token \"" + TokenizerFiles.excerpt(token) + "\"",
            "an id from 0 to " + Vocabulary.MAX_ID,
            TokenizerFiles.excerpt(String.valueOf(parser.getText())));
      }
      ids.put(token, (int) id);
    }
    return ids;
  }

  // "left right" in older files, ["left", "right"] in newer ones.
  private List<String> readMerges(JsonParser parser) throws IOException {
    List<String> result = new ArrayList<>();
    for (JsonToken t = parser.nextToken(); t != JsonToken.END_ARRAY; t = parser.nextToken()) {
      String field = "merge " + result.size();
      if (t == JsonToken.VALUE_STRING) {
        result.add(parser.getText());
        continue;
      }
      JsonFile.expect(file, field, JsonToken.START_ARRAY, t);
      JsonFile.expect(file, field, JsonToken.VALUE_STRING, parser.nextToken());
      String left = parser.getText();
      JsonFile.expect(file, field, JsonToken.VALUE_STRING, parser.nextToken());
      result.add(left + " " + parser.getText());
      JsonFile.expect(file, field, JsonToken.END_ARRAY, parser.nextToken());
    }
    return result;
  }

  private TokenizerData assemble(TokenizerConfig config) {
    checkModel();
    boolean nfc = normalizesToNfc();
    checkPreTokenizer();
    JsonNode decoder = stage("decoder");
    if (!decoder.isNull() && !type(decoder).equals("ByteLevel")) {
      throw TokenizerFiles.unsupported(file, "decoder", "ByteLevel", type(decoder));
    }
    String templateBos = templateBos(stage("post_processor"));
    List<AddedToken> added = new ArrayList<>();
    for (JsonNode token : stage("added_tokens")) {
      int id = TokenizerConfig.id(file, "added_tokens id", token.get("id"));
      added.add(TokenizerConfig.addedToken(file, id, token));
    }
    return config.assemble(
        file, TokenizerFiles.tokensById(file, vocabulary), merges, added, nfc, templateBos);
  }

  private void checkModel() {
    JsonNode type = model.get("type");
    if (type != null && !type.asText().equals("BPE")) {
      throw TokenizerFiles.unsupported(file, "model.type", "BPE", type.asText());
    }
    if (vocabulary == null || merges == null) {
      throw new MalformedFileException(
          file, "model", "vocab (an object) and merges (an array)", "other fields");
    }
    for (String field :
        List.of(
            "dropout",
            "continuing_subword_prefix",
            "end_of_word_suffix",
            "byte_fallback",
            "ignore_merges")) {
      JsonNode value = model.getOrDefault(field, NullNode.getInstance());
      boolean off =
          value.isNull()
              || value.isBoolean() && !value.booleanValue()
              || value.isTextual() && value.textValue().isEmpty()
              || value.isNumber() && value.doubleValue() == 0;
      if (!off) {
        throw TokenizerFiles.unsupported(file, "model." + field, "none", value.toString());
      }
    }
  }

  private boolean normalizesToNfc() {
    JsonNode normalizer = stage("normalizer");
    if (normalizer.isNull()) {
      return false;
    }
    if (type(normalizer).equals("NFC")) {
      return true;
    }
    if (type(normalizer).equals("Sequence")) {
      JsonNode parts = normalizer.path("normalizers");
      if (parts.isEmpty()) {
        return false;
      }
      if (parts.size() == 1 && type(parts.get(0)).equals("NFC")) {
        return true;
      }
    }
    throw TokenizerFiles.unsupported(file, "normalizer", "NFC or none", normalizer.toString());
  }

  private void checkPreTokenizer() {
    JsonNode node = stage("pre_tokenizer");
    String field = "pre_tokenizer";
    if (!type(node).equals("Sequence")) {
      throw TokenizerFiles.unsupported(file, field, "Sequence of Split and ByteLevel", type(node));
    }
    JsonNode parts = node.path("pretokenizers");
    if (parts.size() != 2
        || !type(parts.get(0)).equals("Split")
        || !type(parts.get(1)).equals("ByteLevel")) {
      throw TokenizerFiles.unsupported(
          file, field, "Sequence of Split and ByteLevel", parts.toString());
    }
    JsonNode split = parts.get(0);
    JsonNode pattern = split.path("pattern").path("Regex");
    if (!pattern.asText().equals(QWEN2_PATTERN)) {
      throw TokenizerFiles.unsupported(
          file, field + " pattern", QWEN2_PATTERN, split.path("pattern").toString());
    }
    if (!split.path("behavior").asText().equals("Isolated")
        || JsonFile.flag(file, split, "invert", false)) {
      throw TokenizerFiles.unsupported(
          file,
          field + " Split",
          "behavior Isolated, not inverted",
          split.path("behavior").asText());
    }
    JsonNode bytes = parts.get(1);
    // Both flags are true where they are absent.
    if (JsonFile.flag(file, bytes, "add_prefix_space", true)
        || JsonFile.flag(file, bytes, "use_regex", true)) {
      throw TokenizerFiles.unsupported(
          file, field + " ByteLevel", "add_prefix_space false, use_regex false", bytes.toString());
    }
  }

  // Which token a post-processor puts before a text; any other addition is unknown here.
  private String templateBos(JsonNode node) {
    switch (type(node)) {
      case "", "ByteLevel":
        return null;
      case "Sequence":
        String bos = null;
        for (JsonNode part : node.path("processors")) {
          if (type(part).equals("Sequence")) {
            throw TokenizerFiles.unsupported(file, "post_processor", "a flat Sequence", "nested");
          }
          String found = templateBos(part);
          bos = found != null ? found : bos;
        }
        return bos;
      case "TemplateProcessing":
        JsonNode single = node.path("single");
        if (single.size() == 1 && single.get(0).has("Sequence")) {
          return null;
        }
        if (single.size() == 2 && single.get(1).has("Sequence")) {
          JsonNode id = single.get(0).path("SpecialToken").path("id");
          if (id.isTextual()) {
            return id.textValue();
          }
        }
        throw TokenizerFiles.unsupported(
            file, "post_processor", "one token before the text", single.toString());
      default:
        throw TokenizerFiles.unsupported(
            file, "post_processor", "ByteLevel, TemplateProcessing", type(node));
    }
  }

  private JsonNode stage(String field) {
    return stages.getOrDefault(field, NullNode.getInstance());
  }

  private static String type(JsonNode node) {
    return node == null ? "" : node.path("type").asText();
  }
}
