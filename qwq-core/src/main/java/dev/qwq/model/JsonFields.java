package dev.qwq.model;

import com.fasterxml.jackson.databind.JsonNode;
import dev.qwq.MalformedFileException;
import dev.qwq.UnsupportedModelException;
import dev.qwq.weights.Excerpt;
import dev.qwq.weights.JsonFile;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/** Typed access to the fields of one JSON object of a file; null counts as absent. */
record JsonFields(Path file, String prefix, JsonNode object) {
  JsonFields(Path file, JsonNode object) {
    this(file, "", object);
  }

  boolean has(String name) {
    return object.hasNonNull(name);
  }

  Optional<JsonFields> object(String name) {
    if (!has(name)) {
      return Optional.empty();
    }
    JsonNode value = object.get(name);
    if (!value.isObject()) {
      throw malformed(name, "an object", JsonFile.kind(value));
    }
    return Optional.of(new JsonFields(file, prefix + name + ".", value));
  }

  Optional<String> text(String name) {
    if (!has(name)) {
      return Optional.empty();
    }
    if (!object.get(name).isTextual()) {
      throw malformed(name, "a string", show(object.get(name)));
    }
    return Optional.of(object.get(name).textValue());
  }

  Optional<Boolean> flag(String name) {
    if (!has(name)) {
      return Optional.empty();
    }
    if (!object.get(name).isBoolean()) {
      throw malformed(name, "true or false", show(object.get(name)));
    }
    return Optional.of(object.get(name).booleanValue());
  }

  OptionalInt integer(String name, int min, int max) {
    if (!has(name)) {
      return OptionalInt.empty();
    }
    return OptionalInt.of(integer(name, object.get(name), min, max));
  }

  int integer(String name, JsonNode value, int min, int max) {
    if (!value.isIntegralNumber()
        || !value.canConvertToInt()
        || value.intValue() < min
        || value.intValue() > max) {
      throw malformed(name, "a whole number from " + min + " to " + max, show(value));
    }
    return value.intValue();
  }

  int requireInteger(String name, int min, int max) {
    String expected = "a whole number from " + min + " to " + max;
    return integer(name, min, max).orElseThrow(() -> malformed(name, expected, "nothing"));
  }

  /** A number whose float value lies in the closed range. */
  OptionalDouble number(String name, double min, double max) {
    if (!has(name)) {
      return OptionalDouble.empty();
    }
    JsonNode value = object.get(name);
    if (!value.isNumber() || !(value.doubleValue() >= min && value.doubleValue() <= max)) {
      throw malformed(name, range(min, max), show(value));
    }
    return OptionalDouble.of(value.doubleValue());
  }

  double requireNumber(String name, double min, double max) {
    return number(name, min, max).orElseThrow(() -> malformed(name, range(min, max), "nothing"));
  }

  MalformedFileException malformed(String name, String expected, String found) {
    return new MalformedFileException(file, prefix + name, expected, Excerpt.of(found));
  }

  UnsupportedModelException unsupported(String name, String supported, String found) {
    return new UnsupportedModelException(file, prefix + name, supported, Excerpt.of(found));
  }

  static String range(double min, double max) {
    return max == Double.MAX_VALUE ? "a number from " + min : "a number from " + min + " to " + max;
  }

  private static String show(JsonNode value) {
    return value.isContainerNode() ? JsonFile.kind(value) : value.toString();
  }
}
