package dev.qwq.schema;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What the JSON of a Java type looks like: a graph, since types may contain themselves. */
sealed interface Shape {
  /** A value without parts: the keywords say all but what it means. */
  record Scalar(Map<String, Object> keywords, String description) implements Shape {
    Scalar(Map<String, Object> keywords) {
      this(keywords, "");
    }
  }

  /** An array. */
  record Array(Shape items) implements Shape {}

  /** An object with any keys. */
  record Dictionary(Shape values) implements Shape {}

  /** A value or null. */
  record Nullable(Shape value) implements Shape {}

  /** A shape that has a name, and so can be referred to. Compared by identity. */
  sealed interface Named extends Shape {
    String name();

    String description();
  }

  /** An object with these properties and no others. They are added after it was created. */
  final class Struct implements Named {
    private final String name;
    private final String description;
    private final List<Property> properties = new ArrayList<>();

    Struct(String name, String description) {
      this.name = name;
      this.description = description;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public String description() {
      return description;
    }

    List<Property> properties() {
      return properties;
    }
  }

  /** One of several objects, told apart by a property that comes first. */
  final class Union implements Named {
    private final String name;
    private final String description;
    private final List<Struct> alternatives = new ArrayList<>();

    Union(String name, String description) {
      this.name = name;
      this.description = description;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public String description() {
      return description;
    }

    List<Struct> alternatives() {
      return alternatives;
    }
  }

  /**
   * A property of an object.
   *
   * @param name its key
   * @param description what it means; may be empty
   * @param required whether it must be there
   * @param shape its value
   */
  record Property(String name, String description, boolean required, Shape shape) {}
}
