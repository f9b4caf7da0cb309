package dev.qwq.schema;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Field;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Finds the shape of Java types. Each named type becomes one shape. Not thread-safe. */
final class ShapeBuilder {
  /** Generic records that contain themselves with ever larger type arguments have no end. */
  private static final int MAX_DEPTH = 16;

  private static final Set<Class<?>> LISTS = Set.of(List.class, Set.class, Collection.class);
  private final Map<TypeUse, Shape.Named> named = new HashMap<>();

  /**
   * Finds a shape.
   *
   * @param type the type
   * @param where names the type's place in errors
   */
  Shape shape(TypeUse type, String where) {
    Shape shape = notNull(type.notNull(), where);
    return type.nullable() ? new Shape.Nullable(shape) : shape;
  }

  /** Finds the shape of a component or parameter; one that may be absent is not required. */
  Shape.Property property(String name, TypeUse type, AnnotatedElement declaration, String where) {
    boolean nullable = type.nullable() || TypeUse.hasNullable(declaration);
    TypeUse value = type.notNull();
    if (nullable && value.raw().isPrimitive()) {
      throw unsupported(where, type, "a primitive type is never null");
    }
    boolean optional = value.raw() == Optional.class;
    if (optional) {
      value = argument(value, 0, where);
    }
    return new Shape.Property(
        name, description(declaration), !(nullable || optional), shape(value, where));
  }

  static String description(AnnotatedElement element) {
    Description description = element.getAnnotation(Description.class);
    return description == null ? "" : description.value();
  }

  private Shape notNull(TypeUse type, String where) {
    Class<?> raw = type.raw();
    Map<String, Object> scalar = Scalars.keywords(raw);
    if (!scalar.isEmpty()) {
      return new Shape.Scalar(scalar);
    }
    if (raw == Object.class) {
      return new Shape.Scalar(Map.of()); // any JSON
    }
    if (raw.isEnum()) {
      return enumeration(raw);
    }
    if (raw.isRecord()) {
      return record(type);
    }
    if (raw.isInterface() && raw.isSealed()) {
      return union(type);
    }
    if (LISTS.contains(raw) || (raw.isArray() && !isText(raw.getComponentType()))) {
      return new Shape.Array(shape(argument(type, 0, where), where));
    }
    if (raw == Map.class) {
      if (argument(type, 0, where).raw() != String.class) {
        throw unsupported(where, type, "the keys of a map are strings");
      }
      return new Shape.Dictionary(shape(argument(type, 1, where), where));
    }
    throw unsupported(
        where,
        type,
        "supported are records, sealed interfaces of records, enums, String, boolean, numbers,"
            + " dates and times, Duration, UUID, URI, List, Set, Collection, arrays,"
            + " Map<String, …>, Object, and Optional as component or parameter");
  }

  /** Such arrays are texts to some, and lists to others. */
  private static boolean isText(Class<?> element) {
    return element == byte.class || element == char.class;
  }

  private static Shape enumeration(Class<?> type) {
    List<String> names = new ArrayList<>();
    List<String> meanings = new ArrayList<>();
    for (Object constant : type.getEnumConstants()) {
      String name = ((Enum<?>) constant).name();
      names.add(name);
      String meaning = description(field(type, name));
      if (!meaning.isEmpty()) {
        meanings.add(name + ": " + meaning);
      }
    }
    Map<String, Object> keywords = new LinkedHashMap<>();
    keywords.put("type", "string");
    keywords.put("enum", List.copyOf(names));
    String description = (description(type) + " " + String.join("; ", meanings)).strip();
    return new Shape.Scalar(keywords, description);
  }

  private static Field field(Class<?> type, String constant) {
    try {
      return type.getField(constant);
    } catch (NoSuchFieldException e) {
      throw new IllegalStateException(e); // every constant has its field
    }
  }

  private Shape record(TypeUse type) {
    Shape.Named known = named.get(type);
    if (known != null) {
      return known;
    }
    Shape.Struct struct = new Shape.Struct(type.toString(), description(type.raw()));
    remember(type, struct);
    addComponents(struct, type, null);
    return struct;
  }

  private Shape union(TypeUse type) {
    Shape.Named known = named.get(type);
    if (known != null) {
      return known;
    }
    Shape.Union union = new Shape.Union(type.toString(), description(type.raw()));
    remember(type, union);
    for (Class<?> permitted : SealedTypes.records(type.raw())) {
      String where = permitted.getName();
      if (!permitted.isRecord()) {
        throw unsupported(where, type, "a sealed interface permits records only");
      }
      if (permitted.getTypeParameters().length > 0) {
        throw unsupported(where, type, "the records of a sealed interface have no type parameters");
      }
      Shape.Struct struct = new Shape.Struct(permitted.getSimpleName(), description(permitted));
      union.alternatives().add(struct);
      addComponents(struct, TypeUse.of(permitted), SealedTypes.name(permitted));
    }
    return union;
  }

  private void addComponents(Shape.Struct struct, TypeUse type, @Nullable String discriminator) {
    if (discriminator != null) {
      struct
          .properties()
          .add(
              new Shape.Property(
                  SealedTypes.DISCRIMINATOR,
                  "",
                  true,
                  new Shape.Scalar(Map.of("const", discriminator))));
    }
    TypeUse.Bindings bindings = type.bindings();
    for (RecordComponent component : type.raw().getRecordComponents()) {
      String where = type.raw().getName() + "." + component.getName();
      if (discriminator != null && component.getName().equals(SealedTypes.DISCRIMINATOR)) {
        throw unsupported(where, type, "this name tells the records of a sealed interface apart");
      }
      TypeUse use = TypeUse.of(component.getAnnotatedType(), bindings);
      struct.properties().add(property(component.getName(), use, component, where));
    }
  }

  private void remember(TypeUse type, Shape.Named shape) {
    if (type.depth() > MAX_DEPTH) {
      throw unsupported(
          type.raw().getName(), type, "type arguments are nested at most " + MAX_DEPTH + " deep");
    }
    named.put(type, shape);
  }

  private static TypeUse argument(TypeUse type, int index, String where) {
    TypeUse argument = type.argument(index);
    if (argument == null) {
      throw unsupported(where, type, "a generic type needs its type arguments");
    }
    return argument;
  }

  private static QwqException unsupported(String where, TypeUse type, String expected) {
    return new QwqException(
        ErrorCode.INVALID_ARGUMENT, where + ": no JSON Schema for type " + type + ": " + expected);
  }
}
