package dev.qwq.weights;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.qwq.MalformedFileException;
import dev.qwq.UnsupportedModelException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Metadata and tensors of one safetensors file: the length of a JSON header as u64, the header,
 * then the data of all tensors without gaps.
 *
 * @param metadata what {@code __metadata__} says; empty if the file has none
 * @param tensors the tensors by name, in the order of the header; their data belongs to whoever
 *     mapped the file
 */
public record SafetensorsFile(Map<String, String> metadata, Map<String, TensorInfo> tensors) {
  // The reference implementation's own limit.
  private static final long MAX_HEADER_BYTES = 100_000_000;
  private static final int MAX_TENSORS = 1 << 17;
  private static final int MAX_DIMENSIONS = 8;
  private static final int MAX_METADATA = 1 << 12;

  private static final Map<String, DType> DTYPES =
      Map.ofEntries(
          Map.entry("F64", DType.F64),
          Map.entry("F32", DType.F32),
          Map.entry("F16", DType.F16),
          Map.entry("BF16", DType.BF16),
          Map.entry("I64", DType.I64),
          Map.entry("I32", DType.I32),
          Map.entry("I16", DType.I16),
          Map.entry("I8", DType.I8),
          Map.entry("U64", DType.U64),
          Map.entry("U32", DType.U32),
          Map.entry("U16", DType.U16),
          Map.entry("U8", DType.U8),
          Map.entry("BOOL", DType.BOOL),
          Map.entry("F8_E4M3", DType.F8_E4M3),
          Map.entry("F8_E5M2", DType.F8_E5M2),
          Map.entry("F8_E8M0", DType.F8_E8M0));

  /** Makes the maps immutable, keeping their order. */
  public SafetensorsFile {
    metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
    tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
  }

  /**
   * Reads a file's header and finds its tensors.
   *
   * @param file the file, for messages
   * @param bytes its content
   * @return what it holds
   * @throws MalformedFileException if it is damaged
   * @throws UnsupportedModelException if a tensor's type is unknown
   */
  public static SafetensorsFile read(Path file, MemorySegment bytes) {
    return new Parser(file, bytes).parse();
  }

  /** A tensor as declared; offsets count from the start of the data. */
  private record Declared(String name, DType dtype, List<Long> shape, long begin, long end) {}

  private static final class Parser {
    private final Path file;
    private final MemorySegment bytes;
    private final Map<String, String> metadata = new LinkedHashMap<>();
    private final List<Declared> declared = new ArrayList<>();
    private final Set<String> names = new HashSet<>();

    Parser(Path file, MemorySegment bytes) {
      this.file = file;
      this.bytes = bytes;
    }

    SafetensorsFile parse() {
      if (bytes.byteSize() < 10) {
        throw malformed("size", "a header of at least 10 bytes", FileKind.describe(bytes));
      }
      Cursor in = new Cursor(file, bytes);
      long length = in.readLong("header length");
      if (length < 2 || length > Math.min(MAX_HEADER_BYTES, in.remaining())) {
        throw malformed(
            "header length",
            "2 to " + Math.min(MAX_HEADER_BYTES, in.remaining()),
            Long.toUnsignedString(length) + " (" + FileKind.describe(bytes) + ")");
      }
      byte[] header = in.readBytes("header", length);
      if (header[0] != '{') {
        throw malformed("header", "a JSON object", FileKind.describe(bytes));
      }
      JsonFile.read(
          file,
          header,
          parser -> {
            readHeader(parser);
            return this;
          });
      return locate(bytes.asSlice(in.position()));
    }

    private void readHeader(JsonParser parser) throws IOException {
      JsonFile.expect(file, "header", JsonToken.START_OBJECT, parser.nextToken());
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        JsonFile.expect(file, "header", JsonToken.FIELD_NAME, parser.currentToken());
        String name = parser.currentName();
        TensorShapes.checkName(file, "name of tensor " + declared.size(), name);
        if (!names.add(name)) {
          throw malformed(name, "one tensor of this name", "a second one");
        }
        JsonFile.expect(file, name, JsonToken.START_OBJECT, parser.nextToken());
        if (name.equals("__metadata__")) {
          readMetadata(parser);
        } else if (declared.size() == MAX_TENSORS) {
          throw malformed("header", "at most " + MAX_TENSORS + " tensors", "more");
        } else {
          declared.add(readTensor(parser, name));
        }
      }
      if (parser.nextToken() != null) {
        throw malformed("header", "one JSON object", "more after it");
      }
    }

    private void readMetadata(JsonParser parser) throws IOException {
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        JsonFile.expect(file, "__metadata__", JsonToken.FIELD_NAME, parser.currentToken());
        String key = parser.currentName();
        JsonFile.expect(
            file, "__metadata__ " + Excerpt.of(key), JsonToken.VALUE_STRING, parser.nextToken());
        if (metadata.putIfAbsent(key, parser.getText()) != null) {
          throw malformed("__metadata__ " + Excerpt.of(key), "one value", "a second one");
        }
        if (metadata.size() > MAX_METADATA) {
          throw malformed("__metadata__", "at most " + MAX_METADATA + " entries", "more");
        }
      }
    }

    private Declared readTensor(JsonParser parser, String name) throws IOException {
      String dtype = null;
      List<Long> shape = null;
      List<Long> offsets = null;
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        JsonFile.expect(file, name, JsonToken.FIELD_NAME, parser.currentToken());
        String field = parser.currentName();
        JsonToken value = parser.nextToken();
        switch (field) {
          case "dtype" -> {
            JsonFile.expect(file, name + " dtype", JsonToken.VALUE_STRING, value);
            dtype = once(name, field, dtype, parser.getText());
          }
          case "shape" -> shape = once(name, field, shape, readNumbers(parser, name, field));
          case "data_offsets" ->
              offsets = once(name, field, offsets, readNumbers(parser, name, field));
          default -> throw malformed(name, "dtype, shape and data_offsets", Excerpt.of(field));
        }
      }
      if (dtype == null || shape == null || offsets == null || offsets.size() != 2) {
        throw malformed(
            name, "dtype, shape and two data_offsets", dtype + ", " + shape + ", " + offsets);
      }
      DType type = DTYPES.get(dtype);
      if (type == null) {
        throw new UnsupportedModelException(
            file, name + " dtype", DType.runnable().toString(), Excerpt.of(dtype));
      }
      return new Declared(name, type, shape, offsets.getFirst(), offsets.getLast());
    }

    private <T> T once(String name, String field, @Nullable T old, T value) {
      if (old != null) {
        throw malformed(name + " " + field, "one value", "a second one");
      }
      return value;
    }

    private List<Long> readNumbers(JsonParser parser, String name, String field)
        throws IOException {
      JsonFile.expect(file, name + " " + field, JsonToken.START_ARRAY, parser.currentToken());
      List<Long> numbers = new ArrayList<>();
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        boolean fits =
            parser.currentToken() == JsonToken.VALUE_NUMBER_INT
                && parser.getNumberType() != JsonParser.NumberType.BIG_INTEGER;
        if (!fits || parser.getLongValue() < 0 || numbers.size() == MAX_DIMENSIONS) {
          throw malformed(
              name + " " + field,
              "up to " + MAX_DIMENSIONS + " numbers from 0 to 2^63-1",
              Excerpt.of(String.valueOf(parser.getText())));
        }
        numbers.add(parser.getLongValue());
      }
      return numbers;
    }

    private SafetensorsFile locate(MemorySegment data) {
      Map<String, TensorInfo> tensors = LinkedHashMap.newLinkedHashMap(declared.size());
      for (Declared tensor : declared) {
        String field = tensor.name() + " data_offsets";
        if (tensor.begin() > tensor.end() || tensor.end() > data.byteSize()) {
          throw malformed(
              field,
              "a range within the " + data.byteSize() + " bytes of data in the file",
              tensor.begin() + " to " + tensor.end());
        }
        long size = TensorShapes.bytes(file, tensor.name(), tensor.dtype(), tensor.shape());
        if (tensor.end() - tensor.begin() != size) {
          throw malformed(
              field,
              size + " bytes for " + tensor.dtype() + " " + tensor.shape(),
              String.valueOf(tensor.end() - tensor.begin()));
        }
        tensors.put(
            tensor.name(),
            new TensorInfo(
                tensor.name(), tensor.dtype(), tensor.shape(), data.asSlice(tensor.begin(), size)));
      }
      checkContiguous(data.byteSize());
      return new SafetensorsFile(metadata, tensors);
    }

    private void checkContiguous(long dataBytes) {
      List<Declared> sorted = new ArrayList<>(declared);
      sorted.sort(Comparator.comparingLong(Declared::begin));
      long end = 0;
      for (Declared tensor : sorted) {
        if (tensor.begin() != end) {
          throw malformed(
              tensor.name() + " data_offsets",
              "data without gap or overlap, from " + end,
              "from " + tensor.begin());
        }
        end = tensor.end();
      }
      if (end != dataBytes) {
        throw malformed("size", end + " bytes of data", String.valueOf(dataBytes));
      }
    }

    private MalformedFileException malformed(String field, String expected, String found) {
      return new MalformedFileException(file, field, expected, found);
    }
  }
}
