package dev.qwq.schema;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** References within a schema, and alternatives told apart by constant properties. */
final class References {
  private static final List<String> PLACES = List.of("$defs", "definitions");

  private References() {}

  /** Finds what a reference stands for; a reference that leads nowhere allows everything. */
  static @Nullable Object resolve(Map<?, ?> root, String reference) {
    if (reference.equals("#")) {
      return root;
    }
    for (String place : PLACES) {
      String prefix = "#/" + place + "/";
      if (reference.startsWith(prefix) && root.get(place) instanceof Map<?, ?> definitions) {
        return definitions.get(reference.substring(prefix.length()));
      }
    }
    return null;
  }

  /** Tells whether an object has all constants of an alternative, which has at least one. */
  static boolean isMeant(Map<?, ?> root, @Nullable Object alternative, @Nullable Object value) {
    Map<Object, @Nullable Object> constants = constants(root, alternative);
    return value instanceof Map<?, ?> object
        && !constants.isEmpty()
        && constants.entrySet().stream()
            .allMatch(c -> JsonValue.same(c.getValue(), object.get(c.getKey())));
  }

  /** Names alternatives by their constants, or by their types. */
  static String describe(Map<?, ?> root, List<?> alternatives) {
    return alternatives.stream()
        .map(
            alternative -> {
              Map<Object, @Nullable Object> constants = constants(root, alternative);
              return constants.isEmpty()
                  ? JsonValue.showTypes(target(root, alternative).get("type"))
                  : JsonValue.show(constants);
            })
        .collect(Collectors.joining(", "));
  }

  private static Map<Object, @Nullable Object> constants(
      Map<?, ?> root, @Nullable Object alternative) {
    Map<Object, @Nullable Object> constants = new LinkedHashMap<>();
    if (target(root, alternative).get("properties") instanceof Map<?, ?> properties) {
      properties.forEach(
          (key, property) -> {
            if (property instanceof Map<?, ?> keywords && keywords.containsKey("const")) {
              constants.put(key, keywords.get("const"));
            }
          });
    }
    return constants;
  }

  private static Map<?, ?> target(Map<?, ?> root, @Nullable Object schema) {
    Object target = schema;
    if (schema instanceof Map<?, ?> keywords && keywords.get("$ref") instanceof String reference) {
      target = resolve(root, reference);
    }
    return target instanceof Map<?, ?> map ? map : Map.of();
  }
}
