package dev.qwq.bench.jmh;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** A folder with a tokenizer.json; where there are only vocabulary and merges, one is written. */
public final class TokenizerFolder implements AutoCloseable {
  // How Qwen2 cuts text into words; part of the file format.
  private static final String WORDS =
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}|"
          + " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final Path path;
  private final boolean temporary;

  private TokenizerFolder(Path path, boolean temporary) {
    this.path = path;
    this.temporary = temporary;
  }

  /**
   * Finds or writes a tokenizer.json.
   *
   * @param folder a model's, or one with vocab.json, merges and added_tokens.json
   */
  public static TokenizerFolder of(Path folder) throws IOException {
    if (Files.exists(folder.resolve("tokenizer.json"))) {
      return new TokenizerFolder(folder, false);
    }
    Path target = Files.createTempDirectory("qwq-bench-tokenizer");
    Files.writeString(target.resolve("tokenizer.json"), MAPPER.writeValueAsString(json(folder)));
    Files.writeString(target.resolve("tokenizer_config.json"), "{}");
    return new TokenizerFolder(target, true);
  }

  /** The folder that has it. */
  public Path path() {
    return path;
  }

  private static ObjectNode json(Path folder) throws IOException {
    ObjectNode root = MAPPER.createObjectNode();
    root.put("version", "1.0");
    root.putNull("truncation").putNull("padding");
    ArrayNode added = root.putArray("added_tokens");
    Path addedFile = folder.resolve("added_tokens.json");
    if (Files.exists(addedFile)) {
      addAdded(added, MAPPER.readTree(addedFile.toFile()));
    }
    root.putObject("normalizer").put("type", "NFC");
    ArrayNode steps =
        root.putObject("pre_tokenizer").put("type", "Sequence").putArray("pretokenizers");
    ObjectNode split = steps.addObject().put("type", "Split");
    split.putObject("pattern").put("Regex", WORDS);
    split.put("behavior", "Isolated").put("invert", false);
    byteLevel(steps.addObject());
    byteLevel(root.putObject("post_processor"));
    byteLevel(root.putObject("decoder"));
    ObjectNode model = root.putObject("model");
    model.put("type", "BPE").putNull("dropout").putNull("unk_token");
    model.put("continuing_subword_prefix", "").put("end_of_word_suffix", "");
    model.put("fuse_unk", false).put("byte_fallback", false).put("ignore_merges", false);
    model.set("vocab", MAPPER.readTree(folder.resolve("vocab.json").toFile()));
    ArrayNode merges = model.putArray("merges");
    merges(folder).forEach(merges::add);
    return root;
  }

  private static void addAdded(ArrayNode added, JsonNode tokens) {
    List<Map.Entry<String, JsonNode>> sorted =
        tokens.properties().stream()
            .sorted((a, b) -> Integer.compare(a.getValue().asInt(), b.getValue().asInt()))
            .toList();
    for (var entry : sorted) {
      ObjectNode token = added.addObject();
      token.put("id", entry.getValue().asInt()).put("content", entry.getKey());
      token.put("single_word", false).put("lstrip", false).put("rstrip", false);
      token.put("normalized", false).put("special", true);
    }
  }

  private static void byteLevel(ObjectNode step) {
    step.put("type", "ByteLevel").put("add_prefix_space", false);
    step.put("trim_offsets", false).put("use_regex", false);
  }

  private static List<String> merges(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      Path file =
          files
              .filter(path -> path.getFileName().toString().matches("merges.*\\.txt"))
              .findFirst()
              .orElseThrow(() -> new IOException(folder + ": no tokenizer.json and no merges.txt"));
      return Files.readAllLines(file).stream()
          .filter(line -> !line.isEmpty() && !line.startsWith("#version"))
          .toList();
    }
  }

  @Override
  public void close() throws IOException {
    if (temporary) {
      Files.deleteIfExists(path.resolve("tokenizer.json"));
      Files.deleteIfExists(path.resolve("tokenizer_config.json"));
      Files.deleteIfExists(path);
    }
  }
}
