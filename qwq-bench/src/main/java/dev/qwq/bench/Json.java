package dev.qwq.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** JSON that programs of this module hand to each other and to users. */
public final class Json {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private Json() {}

  /**
   * Reads a value.
   *
   * @param text JSON
   * @return the value; what must be there is asked for with {@code required}
   * @throws IOException if it is no JSON
   */
  public static JsonNode parse(String text) throws IOException {
    return MAPPER.readTree(text);
  }

  /**
   * Reads a file into a record.
   *
   * @param file the file
   * @param type the record
   * @param <T> the record
   * @return its contents
   * @throws IOException if it cannot be read
   */
  public static <T> T read(Path file, Class<T> type) throws IOException {
    return MAPPER.readValue(Files.readAllBytes(file), type);
  }

  /**
   * Writes a value for people.
   *
   * @param value maps, lists, records, strings, numbers
   * @return indented JSON
   */
  public static String text(Object value) {
    return write(MAPPER.writerWithDefaultPrettyPrinter(), value);
  }

  /**
   * Writes a value for programs.
   *
   * @param value maps, lists, records, strings, numbers
   * @return JSON in one line
   */
  public static String line(Object value) {
    return write(MAPPER.writer(), value);
  }

  private static String write(ObjectWriter writer, Object value) {
    try {
      return writer.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }
}
