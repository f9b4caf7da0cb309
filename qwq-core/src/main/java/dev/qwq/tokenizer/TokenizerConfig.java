package dev.qwq.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import dev.qwq.MalformedFileException;
import dev.qwq.tokenizer.TokenizerData.AddedToken;
import dev.qwq.weights.JsonFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/** What {@code tokenizer_config.json} and {@code special_tokens_map.json} add to a tokenizer. */
final class TokenizerConfig {
  private static final Set<String> QWEN2_CLASSES = Set.of("Qwen2Tokenizer", "Qwen2TokenizerFast");

  private final Path file;
  private String tokenizerClass;
  private String bos;
  private String eos;
  private String pad;
  private Boolean addBos;
  private final List<AddedToken> addedTokens = new ArrayList<>();
  private final Set<String> special = new HashSet<>();

  private TokenizerConfig(Path file) {
    this.file = file;
  }

  /** Reads the files of a folder, as far as they are there. */
  static TokenizerConfig read(Path folder) {
    Path file = folder.resolve("tokenizer_config.json");
    TokenizerConfig config = new TokenizerConfig(file);
    if (Files.exists(file)) {
      config.parse(JsonFile.readObject(file));
    }
    Path map = folder.resolve("special_tokens_map.json");
    if (Files.exists(map)) {
      config.parseSpecialTokens(JsonFile.readObject(map));
    }
    return config;
  }

  private void parse(JsonNode tree) {
    tokenizerClass = JsonFile.text(file, tree, "tokenizer_class");
    for (String flag : List.of("add_eos_token", "split_special_tokens")) {
      if (JsonFile.flag(file, tree, flag, false)) {
        throw TokenizerFiles.unsupported(file, flag, "false", "true");
      }
    }
    JsonNode flag = tree.get("add_bos_token");
    if (flag != null && !flag.isNull()) {
      addBos = JsonFile.flag(file, tree, "add_bos_token", false);
    }
    JsonNode decoder = tree.get("added_tokens_decoder");
    if (decoder != null && !decoder.isNull()) {
      if (!decoder.isObject()) {
        throw new MalformedFileException(
            file, "added_tokens_decoder", "an object", JsonFile.kind(decoder));
      }
      for (Map.Entry<String, JsonNode> entry : decoder.properties()) {
        addedTokens.add(addedToken(file, parseId(entry.getKey()), entry.getValue()));
      }
    }
    parseSpecialTokens(tree);
    addedTokens.stream().filter(AddedToken::special).forEach(token -> special.add(token.content()));
  }

  private void parseSpecialTokens(JsonNode tree) {
    bos = bos != null ? bos : specialToken(tree, "bos_token");
    eos = eos != null ? eos : specialToken(tree, "eos_token");
    pad = pad != null ? pad : specialToken(tree, "pad_token");
    JsonNode more = tree.get("additional_special_tokens");
    if (more != null && more.isArray()) {
      for (JsonNode token : more) {
        special.add(token.isObject() ? token.path("content").asText() : token.asText());
      }
    }
  }

  private String specialToken(JsonNode tree, String field) {
    JsonNode value = tree.get(field);
    String content;
    if (value != null && value.isObject()) {
      content = JsonFile.text(file, value, "content");
    } else {
      content = JsonFile.text(file, tree, field);
    }
    if (content != null) {
      special.add(content);
    }
    return content;
  }

  private int parseId(String key) {
    try {
      return Integer.parseInt(key);
    } catch (NumberFormatException e) {
      throw new MalformedFileException(
          file, "added_tokens_decoder", "ids as keys", "\"" + TokenizerFiles.excerpt(key) + "\"");
    }
  }

  /** Reads an id from 0 to {@link Vocabulary#MAX_ID}. */
  static int id(Path file, String field, JsonNode value) {
    if (value == null
        || !value.isIntegralNumber()
        || !value.canConvertToInt()
        || value.intValue() < 0
        || value.intValue() > Vocabulary.MAX_ID) {
      throw new MalformedFileException(
          file,
          TokenizerFiles.excerpt(field),
          "an id from 0 to " + Vocabulary.MAX_ID,
          value == null ? "nothing" : TokenizerFiles.excerpt(value.toString()));
    }
    return value.intValue();
  }

  /** Reads one added token; refuses what would change how it is found in text. */
  static AddedToken addedToken(Path file, int id, JsonNode token) {
    if (token == null || !token.isObject()) {
      throw new MalformedFileException(
          file, "added token " + id, "an object", JsonFile.kind(token));
    }
    String content = JsonFile.text(file, token, "content");
    if (content == null) {
      throw new MalformedFileException(file, "added token " + id, "its content", "nothing");
    }
    for (String flag : List.of("lstrip", "rstrip", "single_word")) {
      if (JsonFile.flag(file, token, flag, false)) {
        throw TokenizerFiles.unsupported(
            file,
            "added token \"" + TokenizerFiles.excerpt(content) + "\" " + flag,
            "false",
            "true");
      }
    }
    return new AddedToken(id, content, JsonFile.flag(file, token, "special", false));
  }

  /** Insists that a tokenizer of bare vocabulary and merges is one whose rules are known. */
  void requireQwen2Class() {
    if (tokenizerClass != null && !QWEN2_CLASSES.contains(tokenizerClass)) {
      throw TokenizerFiles.unsupported(file, "tokenizer_class", "Qwen2Tokenizer", tokenizerClass);
    }
  }

  boolean isSpecial(String content) {
    return special.contains(content);
  }

  /**
   * Puts a tokenizer together.
   *
   * @param templateBos the token that the tokenizer's own post-processor puts first, or null
   */
  TokenizerData assemble(
      Path source,
      List<String> tokens,
      List<String> merges,
      List<AddedToken> added,
      boolean nfc,
      String templateBos) {
    List<AddedToken> all = TokenizerFiles.union(file, added, addedTokens);
    String first = bos != null ? bos : templateBos;
    return new TokenizerData(
        source,
        tokens,
        merges,
        all,
        nfc,
        TokenizerData.PreTokenizer.QWEN2,
        idOf(first, "bos_token", tokens, all),
        idOf(eos, "eos_token", tokens, all),
        idOf(pad, "pad_token", tokens, all),
        addBos != null ? addBos && first != null : templateBos != null);
  }

  private OptionalInt idOf(
      String content, String field, List<String> tokens, List<AddedToken> all) {
    if (content == null) {
      return OptionalInt.empty();
    }
    for (AddedToken token : all) {
      if (token.content().equals(content)) {
        return OptionalInt.of(token.id());
      }
    }
    int id = tokens.indexOf(content);
    if (id < 0) {
      throw new MalformedFileException(
          file, field, "a token", "\"" + TokenizerFiles.excerpt(content) + "\", which is none");
    }
    return OptionalInt.of(id);
  }
}
