package dev.qwq.tokenizer;

import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import dev.qwq.ErrorCode;
import dev.qwq.MalformedFileException;
import dev.qwq.QwqException;
import dev.qwq.UnsupportedModelException;
import dev.qwq.tokenizer.TokenizerData.AddedToken;
import dev.qwq.weights.Excerpt;
import dev.qwq.weights.JsonFile;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Finds out in which form a model brings its tokenizer, and reads it. */
final class TokenizerFiles {
  private static final int MAX_MERGES = 1 << 22;

  private TokenizerFiles() {}

  static TokenizerData read(Path model) {
    if (!Files.exists(model)) {
      throw new QwqException(ErrorCode.FILE_UNREADABLE, model + ": no such file or folder");
    }
    String name = String.valueOf(model.getFileName());
    Optional<TokenizerData> data;
    if (Files.isDirectory(model)) {
      data = readFolder(model);
    } else if (name.endsWith(".safetensors") || name.endsWith(".safetensors.index.json")) {
      data = readFolder(model.toAbsolutePath().getParent());
    } else if (name.endsWith(".json")) {
      data = Optional.of(TokenizerJson.read(model, TokenizerConfig.read(folderOf(model))));
    } else {
      data = GgufTokenizer.open(model);
    }
    return data.orElseThrow(
        () ->
            new QwqException(
                ErrorCode.NO_TOKENIZER,
                model
                    + ": the model has no tokenizer (tokenizer.json, vocab.json with merges.txt, or"
                    + " tokenizer.ggml.* in a GGUF file)"));
  }

  static Optional<TokenizerData> readFolder(Path folder) {
    Path json = folder.resolve("tokenizer.json");
    Path vocab = folder.resolve("vocab.json");
    Path merges = folder.resolve("merges.txt");
    if (Files.exists(json)) {
      return Optional.of(TokenizerJson.read(json, TokenizerConfig.read(folder)));
    }
    if (!Files.exists(vocab) || !Files.exists(merges)) {
      return Optional.empty();
    }
    TokenizerConfig config = TokenizerConfig.read(folder);
    config.requireQwen2Class();
    Map<String, Integer> ids =
        JsonFile.read(
            vocab,
            parser -> {
              JsonFile.expect(vocab, "content", JsonToken.START_OBJECT, parser.nextToken());
              return TokenizerJson.readVocabulary(vocab, parser);
            });
    return Optional.of(
        config.assemble(
            vocab,
            tokensById(vocab, ids),
            readMerges(merges),
            readAddedTokens(folder.resolve("added_tokens.json"), config),
            true,
            null));
  }

  /** Turns a map from text to id into a list by id. */
  static List<String> tokensById(Path file, Map<String, Integer> ids) {
    int size = 0;
    for (int id : ids.values()) {
      size = Math.max(size, id + 1);
    }
    String[] tokens = new String[size];
    java.util.Arrays.fill(tokens, "");
    for (Map.Entry<String, Integer> entry : ids.entrySet()) {
      if (!tokens[entry.getValue()].isEmpty()) {
        throw new MalformedFileException(
            file,
            "vocabulary",
            "one token for id " + entry.getValue(),
            "\""
                + excerpt(tokens[entry.getValue()])
                + "\" and \""
                + excerpt(entry.getKey())
                + "\"");
      }
      tokens[entry.getValue()] = entry.getKey();
    }
    return List.of(tokens);
  }

  private static List<String> readMerges(Path file) {
    List<String> merges = new ArrayList<>();
    try (var reader = Files.newBufferedReader(file)) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        if (line.isEmpty() || merges.isEmpty() && line.startsWith("#version")) {
          continue;
        }
        if (merges.size() == MAX_MERGES) {
          throw new MalformedFileException(file, "merges", "at most " + MAX_MERGES, "more");
        }
        merges.add(line);
      }
    } catch (CharacterCodingException e) {
      throw new MalformedFileException(file, "text", "UTF-8", String.valueOf(e.getMessage()));
    } catch (IOException e) {
      throw new QwqException(
          ErrorCode.FILE_UNREADABLE, file + ": cannot be read: " + e.getMessage(), e);
    }
    return merges;
  }

  private static List<AddedToken> readAddedTokens(Path file, TokenizerConfig config) {
    List<AddedToken> tokens = new ArrayList<>();
    if (Files.exists(file)) {
      JsonNode tree = JsonFile.readObject(file);
      for (Map.Entry<String, JsonNode> entry : tree.properties()) {
        int id = TokenizerConfig.id(file, entry.getKey(), entry.getValue());
        tokens.add(new AddedToken(id, entry.getKey(), config.isSpecial(entry.getKey())));
      }
    }
    return tokens;
  }

  /** Adds tokens to those of a file; the same token from two files must have the same id. */
  static List<AddedToken> union(Path file, List<AddedToken> first, List<AddedToken> second) {
    Map<String, AddedToken> byContent = new LinkedHashMap<>();
    first.forEach(token -> byContent.put(token.content(), token));
    for (AddedToken token : second) {
      AddedToken known = byContent.putIfAbsent(token.content(), token);
      if (known != null && known.id() != token.id()) {
        throw new MalformedFileException(
            file,
            "added token \"" + excerpt(token.content()) + "\"",
            "id " + known.id() + " as in the vocabulary",
            String.valueOf(token.id()));
      }
    }
    return List.copyOf(byContent.values());
  }

  static UnsupportedModelException unsupported(
      Path file, String field, String supported, String found) {
    return new UnsupportedModelException(file, field, supported, excerpt(found));
  }

  /** Shortens what a file says to what a message can carry. */
  static String excerpt(String text) {
    return Excerpt.of(text);
  }

  private static Path folderOf(Path file) {
    Path parent = file.getParent();
    return parent == null ? Path.of("") : parent;
  }
}
