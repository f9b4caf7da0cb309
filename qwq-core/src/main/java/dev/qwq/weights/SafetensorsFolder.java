package dev.qwq.weights;

import com.fasterxml.jackson.databind.JsonNode;
import dev.qwq.ErrorCode;
import dev.qwq.MalformedFileException;
import dev.qwq.QwqException;
import dev.qwq.UnsupportedModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The safetensors files of a Hugging Face folder: {@code model.safetensors}, or the shards that
 * {@code model.safetensors.index.json} names.
 *
 * <p>Opening maps the files and reads their headers; the tensors' data is not touched. Thread-safe.
 * The tensors' segments are valid until {@link #close()}.
 */
public final class SafetensorsFolder implements AutoCloseable {
  private static final String SINGLE = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";
  private static final int MAX_SHARDS = 1 << 12;

  private final WeightFiles files = new WeightFiles();
  private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();
  private final Map<String, Path> fileOf = new HashMap<>();

  private SafetensorsFolder() {}

  /**
   * Opens the weights of a folder.
   *
   * @param path the folder, or an index in it, or a safetensors file that holds all tensors
   * @return the opened files
   * @throws MalformedFileException if a file is damaged
   * @throws UnsupportedModelException if the weights have another format
   * @throws QwqException with {@code FILE_UNREADABLE} if a file or shard is missing or cannot be
   *     read
   */
  public static SafetensorsFolder open(Path path) {
    SafetensorsFolder folder = new SafetensorsFolder();
    try {
      Path file = Files.isDirectory(path) ? choose(path) : path;
      if (String.valueOf(file.getFileName()).endsWith(".json")) {
        folder.readShards(file);
      } else {
        folder.read(file);
      }
      return folder;
    } catch (Throwable e) {
      folder.close();
      throw e;
    }
  }

  /**
   * Returns the tensors by the names they have in the files.
   *
   * @return an immutable map
   */
  public Map<String, TensorInfo> tensors() {
    return Collections.unmodifiableMap(tensors);
  }

  /**
   * Tells which file a tensor lies in, for messages.
   *
   * @param name a tensor's name
   * @return its file
   */
  public Path fileOf(String name) {
    Path file = fileOf.get(name);
    if (file == null) {
      throw new IllegalArgumentException("no tensor " + name);
    }
    return file;
  }

  /**
   * Returns the memory the tensors lie in, for owners that outlive this object.
   *
   * @return the memory; to close it is to close this
   */
  public WeightFiles files() {
    return files;
  }

  /** Unmaps the files. No segment may be in use. Idempotent. */
  @Override
  public void close() {
    files.close();
  }

  private static Path choose(Path folder) {
    Path single = folder.resolve(SINGLE);
    Path index = folder.resolve(INDEX);
    if (Files.exists(single)) {
      return single;
    }
    if (Files.exists(index)) {
      return index;
    }
    try (Stream<Path> entries = Files.list(folder)) {
      List<String> names = entries.map(entry -> entry.getFileName().toString()).sorted().toList();
      throw missing(folder, names);
    } catch (IOException e) {
      throw FileErrors.unreadable(folder, e);
    }
  }

  private static QwqException missing(Path folder, List<String> names) {
    for (String name : names) {
      if (name.endsWith(".safetensors")) {
        return new QwqException(
            ErrorCode.FILE_UNREADABLE,
            folder
                + ": there is "
                + name
                + " but neither "
                + SINGLE
                + " nor "
                + INDEX
                + ", which says what the shards hold");
      }
      if (name.endsWith(".gguf")) {
        return new QwqException(
            ErrorCode.FILE_UNREADABLE,
            folder + ": no " + SINGLE + "; to use " + name + ", give its own path");
      }
    }
    for (String name : names) {
      if (name.endsWith(".bin") || name.endsWith(".pt") || name.endsWith(".pth")) {
        return new UnsupportedModelException(
            folder, "weights", "safetensors and GGUF", name + ", a PyTorch pickle");
      }
    }
    return new QwqException(
        ErrorCode.FILE_UNREADABLE, folder + ": no weights: neither " + SINGLE + " nor " + INDEX);
  }

  private void read(Path file) {
    SafetensorsFile content =
        FileErrors.guardMapped(file, () -> SafetensorsFile.read(file, files.map(file)));
    content
        .tensors()
        .forEach(
            (name, tensor) -> {
              if (tensors.putIfAbsent(name, tensor) != null) {
                throw new MalformedFileException(
                    file, name, "a tensor in one shard only", "the one in " + fileOf.get(name));
              }
              fileOf.put(name, file);
            });
  }

  private void readShards(Path index) {
    JsonNode map = JsonFile.readObject(index).path("weight_map");
    if (!map.isObject() || map.isEmpty()) {
      throw new MalformedFileException(
          index, "weight_map", "an object from tensors to files", JsonFile.kind(map));
    }
    Set<String> shards = new LinkedHashSet<>();
    for (Map.Entry<String, JsonNode> entry : map.properties()) {
      shards.add(shardName(index, entry.getKey(), entry.getValue()));
    }
    if (shards.size() > MAX_SHARDS) {
      throw new MalformedFileException(
          index, "weight_map", "at most " + MAX_SHARDS + " files", String.valueOf(shards.size()));
    }
    for (String shard : shards) {
      Path file = index.resolveSibling(shard);
      if (!Files.exists(file)) {
        throw new QwqException(
            ErrorCode.FILE_UNREADABLE, file + ": no such file, but " + index + " names it");
      }
      read(file);
    }
    for (Map.Entry<String, JsonNode> entry : map.properties()) {
      Path expected = index.resolveSibling(entry.getValue().asText());
      if (!expected.equals(fileOf.get(entry.getKey()))) {
        throw new MalformedFileException(
            index,
            "weight_map",
            "tensor " + Excerpt.of(entry.getKey()) + " in " + entry.getValue().asText(),
            fileOf.containsKey(entry.getKey()) ? "it in " + fileOf.get(entry.getKey()) : "none");
      }
    }
  }

  /** A plain name in the same folder: an index must not reach for other files. */
  private static String shardName(Path index, String tensor, JsonNode value) {
    String name = value.asText();
    if (!value.isTextual()
        || !name.endsWith(".safetensors")
        || name.chars().anyMatch(c -> c == '/' || c == '\\' || c == ':' || c < ' ')) {
      throw new MalformedFileException(
          index,
          "weight_map " + Excerpt.of(tensor),
          "the name of a safetensors file beside it",
          Excerpt.of(value.toString()));
    }
    return name;
  }
}
