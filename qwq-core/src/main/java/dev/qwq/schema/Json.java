package dev.qwq.schema;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import com.fasterxml.jackson.core.util.Separators.Spacing;
import com.fasterxml.jackson.databind.AnnotationIntrospector;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import java.io.IOException;
import java.lang.reflect.Type;
import org.jspecify.annotations.Nullable;

/**
 * The one place that knows Jackson. What is read follows the schemas of this package, so Jackson's
 * annotations count only in what is written.
 */
final class Json {
  private static final JsonMapper READER =
      JsonMapper.builder()
          .annotationIntrospector(new SealedTypes())
          .addModule(new JavaTypes())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
          .build();

  private static final ObjectMapper WRITER =
      JsonMapper.builder()
          .annotationIntrospector(
              AnnotationIntrospector.pair(new SealedTypes(), new JacksonAnnotationIntrospector()))
          .addModule(new JavaTypes())
          .disable(SerializationFeature.FAIL_ON_EMPTY_BEANS)
          .build();

  /** Spaces as in the JSON that models are trained on: {@code {"a": 1, "b": [2, 3]}}. */
  private static final DefaultPrettyPrinter SPACED =
      new DefaultPrettyPrinter(
              Separators.createDefaultInstance()
                  .withObjectFieldValueSpacing(Spacing.AFTER)
                  .withObjectEntrySpacing(Spacing.AFTER)
                  .withArrayValueSpacing(Spacing.AFTER)
                  .withObjectEmptySeparator("")
                  .withArrayEmptySeparator("")
                  .withRootSeparator(""))
          .withObjectIndenter(new DefaultPrettyPrinter.NopIndenter())
          .withArrayIndenter(new DefaultPrettyPrinter.NopIndenter());

  private Json() {}

  /** Parses one JSON value into maps, lists, strings, numbers, booleans and null. */
  static @Nullable Object parse(String json) {
    try {
      return READER.readValue(json, Object.class);
    } catch (JsonProcessingException e) {
      throw new QwqException(
          ErrorCode.INVALID_JSON, "expected JSON, found: " + e.getOriginalMessage(), e);
    }
  }

  /** Makes a Java object of maps, lists and so on that match its type's schema. */
  static @Nullable Object convert(@Nullable Object value, Type type) {
    JavaType target = READER.constructType(type);
    try {
      return READER.readerFor(target).readValue(READER.<JsonNode>valueToTree(value));
    } catch (IOException | IllegalArgumentException e) {
      throw JsonFailures.of(e, target.getRawClass());
    }
  }

  /** Writes a value as JSON; as the type, if one is given. */
  static String write(@Nullable Object value, @Nullable Type type) {
    try {
      ObjectWriter writer = WRITER.writer(SPACED);
      if (type != null) {
        writer = writer.forType(WRITER.constructType(type));
      }
      return writer.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      String of = value == null ? "null" : value.getClass().getName();
      throw new QwqException(
          ErrorCode.INVALID_ARGUMENT,
          "no JSON for an object of " + of + ": " + e.getOriginalMessage(),
          e);
    }
  }
}
