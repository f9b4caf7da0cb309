package dev.qwq.tokenizer;

import dev.qwq.MalformedFileException;
import dev.qwq.tokenizer.TokenizerData.AddedToken;
import dev.qwq.weights.GgufFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/** Reads the {@code tokenizer.ggml.*} metadata of a GGUF file. */
final class GgufTokenizer {
  private static final String PREFIX = "tokenizer.ggml.";

  /** Both cut words alike; the second comes with its own added tokens. */
  private static final Set<String> PRE_TOKENIZERS = Set.of("qwen2", "deepseek-r1-qwen");

  private static final int NORMAL = 1;
  private static final int CONTROL = 3;
  private static final int USER_DEFINED = 4;
  private static final int UNUSED = 5;

  private final Path file;
  private final Map<String, Object> metadata;

  private GgufTokenizer(Path file, Map<String, Object> metadata) {
    this.file = file;
    this.metadata = metadata;
  }

  static Optional<TokenizerData> open(Path file) {
    try (GgufFile gguf = GgufFile.openMetadata(file)) {
      return read(file, gguf.metadata());
    }
  }

  static Optional<TokenizerData> read(Path file, Map<String, Object> metadata) {
    Object model = metadata.get(PREFIX + "model");
    if (model == null || model.equals("none") || model.equals("no_vocab")) {
      return Optional.empty();
    }
    return Optional.of(new GgufTokenizer(file, metadata).read());
  }

  private TokenizerData read() {
    String model = text("model");
    if (!model.equals("gpt2")) {
      throw TokenizerFiles.unsupported(file, PREFIX + "model", "gpt2 (byte-level BPE)", model);
    }
    String pre = metadata.containsKey(PREFIX + "pre") ? text("pre") : "nothing";
    if (!PRE_TOKENIZERS.contains(pre)) {
      throw TokenizerFiles.unsupported(
          file, PREFIX + "pre", String.join(", ", PRE_TOKENIZERS.stream().sorted().toList()), pre);
    }
    if (flag("add_eos_token")) {
      throw TokenizerFiles.unsupported(file, PREFIX + "add_eos_token", "false", "true");
    }
    List<?> texts = list("tokens");
    List<?> types = list("token_type");
    if (texts.size() != types.size() || texts.isEmpty()) {
      throw new MalformedFileException(
          file,
          PREFIX + "token_type",
          "one for each of " + texts.size() + " tokens",
          String.valueOf(types.size()));
    }
    if (texts.size() > Vocabulary.MAX_ID + 1) {
      throw new MalformedFileException(
          file,
          PREFIX + "tokens",
          "at most " + (Vocabulary.MAX_ID + 1),
          String.valueOf(texts.size()));
    }
    List<String> tokens = new ArrayList<>(texts.size());
    List<AddedToken> added = new ArrayList<>();
    for (int id = 0; id < texts.size(); id++) {
      String text = element("tokens", texts, id, String.class);
      int type = element("token_type", types, id, Number.class).intValue();
      switch (type) {
        case NORMAL -> setToken(tokens, id, text);
        case CONTROL, USER_DEFINED -> added.add(new AddedToken(id, text, type == CONTROL));
        case UNUSED -> {} // padding of the embedding matrix: no id that text or a sampler gives
        default ->
            throw TokenizerFiles.unsupported(
                file,
                PREFIX + "token_type[" + id + "]",
                "1 normal, 3 control, 4 user-defined, 5 unused",
                String.valueOf(type));
      }
    }
    List<String> merges = new ArrayList<>();
    List<?> source = list("merges");
    for (int i = 0; i < source.size(); i++) {
      merges.add(element("merges", source, i, String.class));
    }
    return new TokenizerData(
        file,
        tokens,
        merges,
        added,
        true, // the file does not say; the tokenizers of this kind all normalise
        TokenizerData.PreTokenizer.QWEN2,
        id("bos_token_id"),
        id("eos_token_id"),
        id("padding_token_id"),
        flag("add_bos_token"));
  }

  private static void setToken(List<String> tokens, int id, String text) {
    while (tokens.size() < id) {
      tokens.add("");
    }
    tokens.add(text);
  }

  private String text(String key) {
    if (metadata.get(PREFIX + key) instanceof String text) {
      return text;
    }
    throw wrong(key, "a string", metadata.get(PREFIX + key));
  }

  private boolean flag(String key) {
    Object value = metadata.get(PREFIX + key);
    if (value == null) {
      return false;
    }
    if (value instanceof Boolean flag) {
      return flag;
    }
    throw wrong(key, "true or false", value);
  }

  private OptionalInt id(String key) {
    Object value = metadata.get(PREFIX + key);
    if (value == null) {
      return OptionalInt.empty();
    }
    if (value instanceof Number number
        && number.longValue() >= 0
        && number.longValue() <= Vocabulary.MAX_ID) {
      return OptionalInt.of(number.intValue());
    }
    throw wrong(key, "an id", value);
  }

  private List<?> list(String key) {
    if (metadata.get(PREFIX + key) instanceof List<?> list) {
      return list;
    }
    throw wrong(key, "an array", metadata.get(PREFIX + key));
  }

  private <T> T element(String key, List<?> list, int index, Class<T> type) {
    Object value = list.get(index);
    if (type.isInstance(value)) {
      return type.cast(value);
    }
    throw wrong(key + "[" + index + "]", type.getSimpleName(), value);
  }

  private MalformedFileException wrong(String key, String expected, Object found) {
    return new MalformedFileException(
        file,
        PREFIX + key,
        expected,
        found == null ? "nothing" : TokenizerFiles.excerpt(String.valueOf(found)));
  }
}
