package dev.qwq.weights;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.qwq.MalformedFileException;
import dev.qwq.QwqException;
import java.io.CharConversionException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Reads JSON that may be damaged or hostile: limits on size and depth, typed errors. */
public final class JsonFile {
  /** Above the size of every known vocabulary, so that a wrong file does not fill the heap. */
  public static final long MAX_BYTES = 256L << 20;

  // A tree takes many times the memory of its text; no known file of this kind has a tenth of it.
  private static final long MAX_TREE_BYTES = 64L << 20;

  // A vocabulary is an object of 150,000 fields, each seen once: no use in a table of names.
  private static final ObjectMapper MAPPER =
      new ObjectMapper(
              JsonFactory.builder()
                  .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                  .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
                  .build())
          .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY);

  private JsonFile() {}

  /**
   * Reads one JSON value with a parser that stands before its first token.
   *
   * @param <T> what comes of it
   */
  @FunctionalInterface
  public interface Reader<T> {
    /**
     * Reads the value.
     *
     * @param parser the parser
     * @return what comes of it
     * @throws IOException if the parser fails
     */
    T read(JsonParser parser) throws IOException;
  }

  /**
   * Reads a file.
   *
   * @param <T> what comes of it
   * @param file the file
   * @param reader what to do with its content
   * @return what the reader returns
   * @throws MalformedFileException if it is no JSON or larger than {@link #MAX_BYTES}
   * @throws QwqException with {@code FILE_UNREADABLE} if it cannot be read
   */
  public static <T> T read(Path file, Reader<T> reader) {
    return read(file, MAX_BYTES, reader);
  }

  private static <T> T read(Path file, long maxBytes, Reader<T> reader) {
    return guard(
        file,
        () -> {
          long size = Files.size(file);
          if (size > maxBytes) {
            throw new MalformedFileException(
                file, "size", "at most " + maxBytes + " bytes", String.valueOf(size));
          }
          try (InputStream in = Files.newInputStream(file);
              JsonParser parser = MAPPER.createParser(in)) {
            return reader.read(parser);
          }
        });
  }

  /**
   * Reads JSON that is part of a file.
   *
   * @param <T> what comes of it
   * @param file the file, for messages
   * @param bytes the JSON
   * @param reader what to do with it
   * @return what the reader returns
   * @throws MalformedFileException if it is no JSON
   */
  public static <T> T read(Path file, byte[] bytes, Reader<T> reader) {
    return guard(
        file,
        () -> {
          try (JsonParser parser = MAPPER.createParser(bytes)) {
            return reader.read(parser);
          }
        });
  }

  /**
   * Reads a whole file that holds one object.
   *
   * @param file the file
   * @return the object
   * @throws MalformedFileException if it is anything else, or a field comes twice
   * @throws QwqException with {@code FILE_UNREADABLE} if it cannot be read
   */
  public static JsonNode readObject(Path file) {
    return read(
        file,
        MAX_TREE_BYTES,
        parser -> {
          JsonNode tree = MAPPER.readTree(parser);
          if (tree == null || !tree.isObject()) {
            throw new MalformedFileException(file, "content", "a JSON object", kind(tree));
          }
          return tree;
        });
  }

  /**
   * Insists on the kind of a token.
   *
   * @param file the file, for the message
   * @param field the field, for the message
   * @param expected the kind it must be
   * @param found the kind it is; null at the end of the file
   */
  public static void expect(
      Path file, String field, JsonToken expected, @Nullable JsonToken found) {
    if (found != expected) {
      throw new MalformedFileException(
          file, field, String.valueOf(expected), String.valueOf(found));
    }
  }

  /**
   * Names the kind of a value.
   *
   * @param node a value, or null
   * @return its kind in lower case
   */
  public static String kind(@Nullable JsonNode node) {
    return node == null ? "nothing" : node.getNodeType().name().toLowerCase(Locale.ROOT);
  }

  /**
   * Returns a field's text.
   *
   * @param file the file, for the message
   * @param object the object
   * @param field the field's name
   * @return its text, or null if it is absent or null
   */
  public static @Nullable String text(Path file, JsonNode object, String field) {
    JsonNode value = object.get(field);
    if (value == null || value.isNull()) {
      return null;
    }
    if (!value.isTextual()) {
      throw new MalformedFileException(file, field, "a string", kind(value));
    }
    return value.textValue();
  }

  /**
   * Returns a field's truth.
   *
   * @param file the file, for the message
   * @param object the object
   * @param field the field's name
   * @param absent what stands for an absent field or null
   * @return its truth
   */
  public static boolean flag(Path file, JsonNode object, String field, boolean absent) {
    JsonNode value = object.get(field);
    if (value == null || value.isNull()) {
      return absent;
    }
    if (!value.isBoolean()) {
      throw new MalformedFileException(file, field, "true or false", kind(value));
    }
    return value.booleanValue();
  }

  @FunctionalInterface
  private interface Read<T> {
    T read() throws IOException;
  }

  private static <T> T guard(Path file, Read<T> read) {
    try {
      return read.read();
    } catch (JsonProcessingException e) {
      String where =
          e.getLocation() == null
              ? "JSON"
              : "line " + e.getLocation().getLineNr() + ", column " + e.getLocation().getColumnNr();
      throw new MalformedFileException(
          file, where, "JSON", Excerpt.of(String.valueOf(e.getOriginalMessage())));
    } catch (CharConversionException e) {
      throw new MalformedFileException(file, "text", "UTF-8", String.valueOf(e.getMessage()));
    } catch (IOException e) {
      throw FileErrors.unreadable(file, e);
    }
  }
}
