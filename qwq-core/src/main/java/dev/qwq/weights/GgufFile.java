package dev.qwq.weights;

import dev.qwq.MalformedFileException;
import dev.qwq.QwqException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Metadata and tensors of a GGUF file, versions 2 and 3; of all its parts if it is split.
 *
 * <p>Opening maps the file and reads its head; the tensors' data is not touched. Thread-safe. The
 * tensors' segments are valid until {@link #close()}.
 */
public final class GgufFile implements AutoCloseable {
  private final Path path;
  private final WeightFiles files;
  private final GgufMetadata.Section head;
  private final Map<String, TensorInfo> tensors;

  private GgufFile(
      Path path, WeightFiles files, GgufMetadata.Section head, Map<String, TensorInfo> tensors) {
    this.path = path;
    this.files = files;
    this.head = head;
    this.tensors = Collections.unmodifiableMap(tensors);
  }

  /**
   * Opens a file.
   *
   * @param path the file, or the first of its parts ({@code name-00001-of-00003.gguf})
   * @return the opened file
   * @throws MalformedFileException if it is damaged, or a part of it is missing
   * @throws dev.qwq.UnsupportedModelException if its version or a tensor's type is unknown
   * @throws QwqException with {@code FILE_UNREADABLE} if it cannot be read
   */
  public static GgufFile open(Path path) {
    WeightFiles files = new WeightFiles();
    return closingOnFailure(
        files,
        () -> {
          GgufSplit.refuseRawCut(path);
          GgufPart.Content first = readPart(path, files);
          List<Path> parts = GgufSplit.parts(path, first.metadata());
          Map<String, TensorInfo> tensors = new LinkedHashMap<>(first.tensors());
          for (int i = 1; i < parts.size(); i++) {
            Path part = parts.get(i);
            GgufPart.Content content = readPart(part, files);
            GgufSplit.checkPart(part, content.metadata(), i, parts.size());
            content.tensors().forEach((name, tensor) -> add(part, tensors, name, tensor));
          }
          GgufSplit.checkTensorCount(path, first.metadata(), tensors.size());
          return new GgufFile(path, files, first.head(), tensors);
        });
  }

  /**
   * Opens a file for its metadata only: what follows it may be missing, as may other parts.
   *
   * @param path the file, or the first of its parts
   * @return a file without tensors
   * @throws MalformedFileException if its head is damaged
   * @throws dev.qwq.UnsupportedModelException if its version is unknown
   * @throws QwqException with {@code FILE_UNREADABLE} if it cannot be read
   */
  public static GgufFile openMetadata(Path path) {
    WeightFiles files = new WeightFiles();
    return closingOnFailure(
        files,
        () -> {
          GgufSplit.refuseRawCut(path);
          MemorySegment bytes = files.map(path);
          GgufMetadata.Section head =
              FileErrors.guardMapped(path, () -> GgufPart.readMetadata(path, bytes));
          return new GgufFile(path, files, head, Map.of());
        });
  }

  /**
   * Returns where the file lies.
   *
   * @return the path it was opened by
   */
  public Path path() {
    return path;
  }

  /**
   * Returns the metadata, of the first part if there are more.
   *
   * @return an immutable map in the order of the file. Integers are {@code Integer} where they fit,
   *     else {@code Long} or {@code BigInteger}; arrays are immutable lists
   */
  public Map<String, Object> metadata() {
    return head.values();
  }

  /** Returns the metadata as it lies in the file: type as u32, then the value. */
  Map<String, MemorySegment> rawMetadata() {
    return head.raw();
  }

  /**
   * Returns the tensors by name.
   *
   * @return an immutable map in the order of the file
   */
  public Map<String, TensorInfo> tensors() {
    return tensors;
  }

  /**
   * Returns a tensor.
   *
   * @param name its name
   * @return the tensor, or empty if the file has none of that name
   */
  public Optional<TensorInfo> tensor(String name) {
    return Optional.ofNullable(tensors.get(name));
  }

  /**
   * Returns the memory the tensors lie in, for owners that outlive this object.
   *
   * @return the memory; to close it is to close this
   */
  public WeightFiles files() {
    return files;
  }

  /** Unmaps the file. No segment may be in use. Idempotent. */
  @Override
  public void close() {
    files.close();
  }

  private static GgufPart.Content readPart(Path part, WeightFiles files) {
    MemorySegment bytes = files.map(part);
    return FileErrors.guardMapped(part, () -> GgufPart.read(part, bytes));
  }

  private static void add(
      Path part, Map<String, TensorInfo> tensors, String name, TensorInfo tensor) {
    if (tensors.putIfAbsent(name, tensor) != null) {
      throw new MalformedFileException(part, name, "a tensor in one part only", "one in two parts");
    }
  }

  private static GgufFile closingOnFailure(WeightFiles files, Supplier<GgufFile> open) {
    try {
      return open.get();
    } catch (Throwable e) {
      files.close();
      throw e;
    }
  }
}
