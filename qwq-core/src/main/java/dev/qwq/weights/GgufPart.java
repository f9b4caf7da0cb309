package dev.qwq.weights;

import dev.qwq.MalformedFileException;
import dev.qwq.UnsupportedModelException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One GGUF file:
 *
 * <pre>
 * magic "GGUF", version u32, tensor count u64, metadata count u64
 * metadata:  key string, type u32, value
 * tensors:   name string, dimension count u32, dimensions u64 (innermost first), type u32,
 *            offset u64 from the start of the data
 * padding to a multiple of general.alignment (32), then the data
 * </pre>
 *
 * A string is its length as u64 and its UTF-8. Everything is little-endian.
 */
final class GgufPart {
  static final int DEFAULT_ALIGNMENT = 32;

  private static final int MAX_TENSORS = 1 << 17;
  private static final int MIN_TENSOR_BYTES = 32;
  private static final int MAX_NAME_BYTES = 100;
  private static final int MAX_DIMENSIONS = 4;
  private static final int MAX_ALIGNMENT = 1 << 20;

  private final Path file;
  private final MemorySegment bytes;
  private final Cursor in;

  private GgufPart(Path file, MemorySegment bytes) {
    this.file = file;
    this.bytes = bytes;
    in = new Cursor(file, bytes);
  }

  /** What a file holds. */
  record Content(GgufMetadata.Section head, Map<String, TensorInfo> tensors) {
    Map<String, Object> metadata() {
      return head.values();
    }
  }

  static GgufMetadata.Section readMetadata(Path file, MemorySegment bytes) {
    GgufPart part = new GgufPart(file, bytes);
    part.readTensorCount();
    return GgufMetadata.read(file, part.in, GgufMetadata.readKeyCount(part.in));
  }

  static Content read(Path file, MemorySegment bytes) {
    GgufPart part = new GgufPart(file, bytes);
    long tensors = part.readTensorCount();
    long keys = GgufMetadata.readKeyCount(part.in);
    GgufMetadata.Section head = GgufMetadata.read(file, part.in, keys);
    return new Content(head, part.readTensors(tensors, part.alignment(head.values())));
  }

  private long readTensorCount() {
    byte[] magic = {'G', 'G', 'U', 'F'};
    if (bytes.byteSize() < magic.length || !Arrays.equals(in.readBytes("magic", 4), magic)) {
      throw new MalformedFileException(file, "magic", "\"GGUF\"", FileKind.describe(bytes));
    }
    int version = in.readInt("version");
    if (version != 2 && version != 3) {
      boolean bigEndian = Integer.reverseBytes(version) >= 1 && Integer.reverseBytes(version) <= 3;
      throw new UnsupportedModelException(
          file,
          "version",
          "2 and 3, little-endian",
          bigEndian
              ? "version " + Integer.reverseBytes(version) + ", big-endian"
              : Integer.toUnsignedString(version));
    }
    return in.readCount("number of tensors", MAX_TENSORS);
  }

  private long alignment(Map<String, Object> metadata) {
    Object value = metadata.getOrDefault("general.alignment", DEFAULT_ALIGNMENT);
    if (value instanceof Integer alignment
        && alignment > 0
        && alignment <= MAX_ALIGNMENT
        && Integer.bitCount(alignment) == 1) {
      return alignment;
    }
    throw new MalformedFileException(
        file,
        "general.alignment",
        "a power of two up to " + MAX_ALIGNMENT,
        Excerpt.of(String.valueOf(value)));
  }

  /** A tensor as declared. */
  private record Declared(String name, DType dtype, List<Long> shape, long offset, long bytes) {
    long end() {
      return offset + bytes;
    }
  }

  private Map<String, TensorInfo> readTensors(long count, long alignment) {
    if (count > in.remaining() / MIN_TENSOR_BYTES) {
      throw new MalformedFileException(
          file,
          "number of tensors",
          "at most " + in.remaining() / MIN_TENSOR_BYTES + " in the rest of the file",
          String.valueOf(count));
    }
    List<Declared> declared = new ArrayList<>();
    for (long i = 0; i < count; i++) {
      declared.add(readDeclaration(i, alignment));
    }
    long start = (in.position() + alignment - 1) & -alignment;
    for (Declared tensor : declared) {
      // Subtractions, since offset + bytes may exceed a long.
      if (tensor.offset() > bytes.byteSize() - start
          || tensor.bytes() > bytes.byteSize() - start - tensor.offset()) {
        throw new MalformedFileException(
            file,
            tensor.name(),
            tensor.bytes() + " bytes at offset " + Long.toUnsignedString(start + tensor.offset()),
            "the end of the file at " + bytes.byteSize());
      }
    }
    checkOverlaps(declared);
    Map<String, TensorInfo> tensors = LinkedHashMap.newLinkedHashMap(declared.size());
    for (Declared tensor : declared) {
      MemorySegment data = bytes.asSlice(start + tensor.offset(), tensor.bytes());
      TensorInfo info = new TensorInfo(tensor.name(), tensor.dtype(), tensor.shape(), data);
      if (tensors.putIfAbsent(tensor.name(), info) != null) {
        throw new MalformedFileException(
            file, tensor.name(), "one tensor of this name", "a second one");
      }
    }
    return tensors;
  }

  private Declared readDeclaration(long index, long alignment) {
    String name = in.readString("name of tensor " + index, MAX_NAME_BYTES, true);
    TensorShapes.checkName(file, "name of tensor " + index, name);
    int dimensions = in.readInt(name);
    if (dimensions < 1 || dimensions > MAX_DIMENSIONS) {
      throw new MalformedFileException(
          file,
          name + " dimensions",
          "1 to " + MAX_DIMENSIONS,
          Integer.toUnsignedString(dimensions));
    }
    List<Long> shape = new ArrayList<>(dimensions);
    for (int i = 0; i < dimensions; i++) {
      shape.addFirst(in.readLong(name));
    }
    int id = in.readInt(name);
    DType dtype =
        DType.ofId(Integer.toUnsignedLong(id))
            .orElseThrow(
                () ->
                    new UnsupportedModelException(
                        file,
                        name + " type",
                        DType.runnable().toString(),
                        "the unknown type " + Integer.toUnsignedString(id)));
    long offset = in.readLong(name);
    if (offset < 0 || offset % alignment != 0) {
      throw new MalformedFileException(
          file, name + " offset", "a multiple of " + alignment, Long.toUnsignedString(offset));
    }
    return new Declared(name, dtype, shape, offset, TensorShapes.bytes(file, name, dtype, shape));
  }

  private void checkOverlaps(List<Declared> tensors) {
    List<Declared> sorted = new ArrayList<>(tensors);
    sorted.sort(Comparator.comparingLong(Declared::offset));
    for (int i = 1; i < sorted.size(); i++) {
      Declared before = sorted.get(i - 1);
      Declared tensor = sorted.get(i);
      if (tensor.offset() < before.end()) {
        throw new MalformedFileException(
            file,
            tensor.name() + " offset",
            "at least " + before.end() + ", where " + before.name() + " ends",
            String.valueOf(tensor.offset()));
      }
    }
  }
}
