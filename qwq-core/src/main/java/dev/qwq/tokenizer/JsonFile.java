package dev.qwq.tokenizer;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.qwq.ErrorCode;
import dev.qwq.MalformedFileException;
import dev.qwq.QwqException;
import java.io.CharConversionException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads JSON files that may be damaged or hostile: limits on size, typed errors. */
final class JsonFile {
  /** Above the size of every known vocabulary, so that a wrong file does not fill the heap. */
  static final long MAX_BYTES = 256L << 20;

  // A vocabulary is an object of 150,000 fields, each seen once: no use in a table of names.
  private static final ObjectMapper MAPPER =
      new ObjectMapper(
          JsonFactory.builder()
              .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
              .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
              .build());

  private JsonFile() {}

  /** Reads one JSON value with a parser that stands before its first token. */
  interface Reader<T> {
    T read(JsonParser parser) throws IOException;
  }

  static <T> T read(Path file, Reader<T> reader) {
    try {
      long size = Files.size(file);
      if (size > MAX_BYTES) {
        throw new MalformedFileException(
            file, "size", "at most " + MAX_BYTES + " bytes", String.valueOf(size));
      }
      try (InputStream in = Files.newInputStream(file);
          JsonParser parser = MAPPER.createParser(in)) {
        return reader.read(parser);
      }
    } catch (JsonProcessingException e) {
      String where =
          e.getLocation() == null
              ? "JSON"
              : "line " + e.getLocation().getLineNr() + ", column " + e.getLocation().getColumnNr();
      throw new MalformedFileException(file, where, "JSON", e.getOriginalMessage());
    } catch (CharConversionException e) {
      throw new MalformedFileException(file, "text", "UTF-8", String.valueOf(e.getMessage()));
    } catch (IOException e) {
      throw new QwqException(
          ErrorCode.FILE_UNREADABLE, file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  /** Reads a whole file that holds one object. */
  static JsonNode readObject(Path file) {
    return read(
        file,
        parser -> {
          JsonNode tree = MAPPER.readTree(parser);
          if (tree == null || !tree.isObject()) {
            throw new MalformedFileException(file, "content", "a JSON object", kind(tree));
          }
          return tree;
        });
  }

  /** Steps to the next token and insists on its kind. */
  static void expect(Path file, String field, JsonToken expected, JsonToken found) {
    if (found != expected) {
      throw new MalformedFileException(
          file, field, String.valueOf(expected), String.valueOf(found));
    }
  }

  static String kind(JsonNode node) {
    return node == null ? "nothing" : node.getNodeType().name().toLowerCase(java.util.Locale.ROOT);
  }

  /** Returns a field's text, or null if it is absent or null. */
  static String text(Path file, JsonNode object, String field) {
    JsonNode value = object.get(field);
    if (value == null || value.isNull()) {
      return null;
    }
    if (!value.isTextual()) {
      throw new MalformedFileException(file, field, "a string", kind(value));
    }
    return value.textValue();
  }

  /** Returns a field's truth, or {@code absent} if it is absent or null. */
  static boolean flag(Path file, JsonNode object, String field, boolean absent) {
    JsonNode value = object.get(field);
    if (value == null || value.isNull()) {
      return absent;
    }
    if (!value.isBoolean()) {
      throw new MalformedFileException(file, field, "true or false", kind(value));
    }
    return value.booleanValue();
  }
}
