package dev.qwq.examples.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.qwq.MalformedFileException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** JSON files that users bring, as maps, lists, strings, numbers and booleans. */
final class Json {
  static final ObjectMapper MAPPER = new ObjectMapper();

  private Json() {}

  /** Reads a list of ids. */
  static int[] ids(Path file) throws IOException {
    return read(file, int[].class, "a JSON array of token ids");
  }

  /** Reads a list of objects. */
  @SuppressWarnings("unchecked") // checked element by element
  static List<Map<String, Object>> objects(Path file) throws IOException {
    List<Object> list = read(file, List.class, "a JSON array of objects");
    for (int i = 0; i < list.size(); i++) {
      if (!(list.get(i) instanceof Map)) {
        throw new MalformedFileException(
            file, "element " + i, "a JSON object", MAPPER.writeValueAsString(list.get(i)));
      }
    }
    return (List<Map<String, Object>>) (List<?>) list;
  }

  /** Reads an object. */
  @SuppressWarnings("unchecked") // keys of JSON objects are strings
  static Map<String, Object> object(Path file) throws IOException {
    return read(file, Map.class, "a JSON object");
  }

  /** Writes a value. */
  static String text(Object value) {
    try {
      return MAPPER.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private static <T> T read(Path file, Class<T> type, String expected) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    try {
      T value = MAPPER.readValue(bytes, type);
      if (value == null) {
        throw new MalformedFileException(file, "content", expected, "null");
      }
      return value;
    } catch (JsonProcessingException e) {
      String place =
          e.getLocation() == null
              ? "content"
              : "line " + e.getLocation().getLineNr() + ", column " + e.getLocation().getColumnNr();
      throw new MalformedFileException(file, place, expected, e.getOriginalMessage());
    }
  }
}
