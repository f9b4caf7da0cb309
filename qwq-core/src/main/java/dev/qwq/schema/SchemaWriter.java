package dev.qwq.schema;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes shapes as JSON Schema (draft 2020-12). The root is written in place; so are other named
 * shapes, unless they are used more than once or contain themselves: those go to {@code $defs}.
 */
final class SchemaWriter {
  private final Shape root;
  private final Map<Shape.Named, Integer> uses = new HashMap<>();
  private final Map<Shape.Named, String> references = new HashMap<>();
  private final Map<String, Object> definitions = new LinkedHashMap<>();

  private SchemaWriter(Shape root) {
    this.root = root;
  }

  /** Writes a schema; not modifiable at any level. */
  static Map<String, Object> write(Shape root) {
    SchemaWriter writer = new SchemaWriter(root);
    writer.count(root);
    Map<String, Object> schema = new LinkedHashMap<>(writer.body(root, ""));
    if (!writer.definitions.isEmpty()) {
      schema.put("$defs", Collections.unmodifiableMap(writer.definitions));
    }
    return Collections.unmodifiableMap(schema);
  }

  private void count(Shape shape) {
    switch (shape) {
      case Shape.Scalar scalar -> {}
      case Shape.Array array -> count(array.items());
      case Shape.Dictionary dictionary -> count(dictionary.values());
      case Shape.Nullable nullable -> count(nullable.value());
      case Shape.Named named -> {
        if (uses.merge(named, 1, Integer::sum) == 1) {
          for (Shape.Struct struct : structs(named)) {
            struct.properties().forEach(property -> count(property.shape()));
          }
        }
      }
    }
  }

  private static List<Shape.Struct> structs(Shape.Named named) {
    return switch (named) {
      case Shape.Struct struct -> List.of(struct);
      case Shape.Union union -> union.alternatives();
    };
  }

  private Map<String, Object> use(Shape shape, String description) {
    if (!(shape instanceof Shape.Named named)
        || !(named.equals(root) || uses.getOrDefault(named, 0) > 1)) {
      return body(shape, description);
    }
    Map<String, Object> schema = new LinkedHashMap<>();
    if (!description.isEmpty()) {
      schema.put("description", description);
    }
    schema.put("$ref", "#/$defs/" + definition(named));
    return Collections.unmodifiableMap(schema);
  }

  private String definition(Shape.Named named) {
    @Nullable String known = references.get(named);
    if (known != null) {
      return known;
    }
    String base = named.name().replaceAll("[^A-Za-z0-9_]+", "_").replaceAll("_$", "");
    String name = base;
    for (int i = 2; definitions.containsKey(name); i++) {
      name = base + i;
    }
    references.put(named, name);
    definitions.put(name, Map.of()); // keeps the place, and the name
    definitions.put(name, body(named, ""));
    return name;
  }

  private Map<String, Object> body(Shape shape, String description) {
    Map<String, Object> schema = new LinkedHashMap<>();
    String ofType = "";
    switch (shape) {
      case Shape.Scalar scalar -> {
        schema.putAll(scalar.keywords());
        ofType = scalar.description();
      }
      case Shape.Array array -> {
        schema.put("type", "array");
        schema.put("items", use(array.items(), ""));
      }
      case Shape.Dictionary dictionary -> {
        schema.put("type", "object");
        schema.put("additionalProperties", use(dictionary.values(), ""));
      }
      case Shape.Nullable nullable ->
          schema.put("anyOf", List.of(use(nullable.value(), ""), Map.of("type", "null")));
      case Shape.Struct struct -> {
        addProperties(schema, struct);
        ofType = struct.description();
      }
      case Shape.Union union -> {
        List<Object> alternatives = new ArrayList<>();
        union.alternatives().forEach(struct -> alternatives.add(body(struct, "")));
        schema.put("anyOf", Collections.unmodifiableList(alternatives));
        ofType = union.description();
      }
    }
    return described(schema, (description + " " + ofType).strip());
  }

  private void addProperties(Map<String, Object> schema, Shape.Struct struct) {
    Map<String, Object> properties = new LinkedHashMap<>();
    List<String> required = new ArrayList<>();
    for (Shape.Property property : struct.properties()) {
      properties.put(property.name(), use(property.shape(), property.description()));
      if (property.required()) {
        required.add(property.name());
      }
    }
    schema.put("type", "object");
    schema.put("properties", Collections.unmodifiableMap(properties));
    if (!required.isEmpty()) {
      schema.put("required", List.copyOf(required));
    }
    schema.put("additionalProperties", false);
  }

  /** Puts a description after {@code type}. */
  private static Map<String, Object> described(Map<String, Object> schema, String description) {
    Map<String, Object> all = new LinkedHashMap<>();
    Object type = schema.get("type");
    if (type != null) {
      all.put("type", type);
    }
    if (!description.isEmpty()) {
      all.put("description", description);
    }
    all.putAll(schema);
    return Collections.unmodifiableMap(all);
  }
}
