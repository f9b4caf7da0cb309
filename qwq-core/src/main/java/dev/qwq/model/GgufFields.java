package dev.qwq.model;

import dev.qwq.MalformedFileException;
import dev.qwq.UnsupportedModelException;
import dev.qwq.weights.Excerpt;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** Typed access to the metadata of a GGUF file. */
record GgufFields(Path file, Map<String, Object> metadata) {
  Optional<String> text(String key) {
    Object value = metadata.get(key);
    if (value == null) {
      return Optional.empty();
    }
    if (value instanceof String text) {
      return Optional.of(text);
    }
    throw malformed(key, "a string", value);
  }

  Optional<Boolean> flag(String key) {
    Object value = metadata.get(key);
    if (value == null) {
      return Optional.empty();
    }
    if (value instanceof Boolean flag) {
      return Optional.of(flag);
    }
    throw malformed(key, "true or false", value);
  }

  Optional<List<?>> list(String key) {
    Object value = metadata.get(key);
    if (value == null) {
      return Optional.empty();
    }
    if (value instanceof List<?> list) {
      return Optional.of(list);
    }
    throw malformed(key, "an array", value);
  }

  OptionalInt integer(String key, int min, int max) {
    Object value = metadata.get(key);
    if (value == null) {
      return OptionalInt.empty();
    }
    // Integers are read as Integer wherever they fit.
    if (value instanceof Integer number && number >= min && number <= max) {
      return OptionalInt.of(number);
    }
    throw malformed(key, "a whole number from " + min + " to " + max, value);
  }

  int requireInteger(String key, int min, int max) {
    return integer(key, min, max)
        .orElseThrow(() -> malformed(key, "a whole number from " + min + " to " + max, null));
  }

  OptionalDouble number(String key, double min, double max) {
    Object value = metadata.get(key);
    if (value == null) {
      return OptionalDouble.empty();
    }
    if (value instanceof Number number
        && number.doubleValue() >= min
        && number.doubleValue() <= max) {
      return OptionalDouble.of(number.doubleValue());
    }
    throw malformed(key, JsonFields.range(min, max), value);
  }

  double requireNumber(String key, double min, double max) {
    return number(key, min, max)
        .orElseThrow(() -> malformed(key, JsonFields.range(min, max), null));
  }

  MalformedFileException malformed(String key, String expected, @Nullable Object found) {
    String shown =
        switch (found) {
          case null -> "nothing";
          case List<?> list -> "an array of " + list.size();
          default -> Excerpt.of(String.valueOf(found));
        };
    return new MalformedFileException(file, key, expected, shown);
  }

  UnsupportedModelException unsupported(String key, String supported, Object found) {
    return new UnsupportedModelException(file, key, supported, Excerpt.of(String.valueOf(found)));
  }
}
