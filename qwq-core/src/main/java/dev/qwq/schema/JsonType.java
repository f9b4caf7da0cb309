package dev.qwq.schema;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A Java type whose JSON a model can write: its JSON Schema, and JSON to Java and back.
 *
 * <p>Supported are records, {@code String}, {@code boolean}, integers with their ranges, floating
 * point numbers, {@code BigInteger}, {@code BigDecimal}, enums, {@code LocalDate}, {@code
 * LocalTime}, {@code LocalDateTime}, {@code Instant}, {@code OffsetDateTime}, {@code OffsetTime},
 * {@code ZonedDateTime}, {@code Duration}, {@code UUID}, {@code URI}, {@code List}, {@code Set},
 * {@code Collection}, arrays, {@code Map<String, …>}, {@code Object} (any JSON), and sealed
 * interfaces of records, which a first property {@code type} with the record's simple name tells
 * apart. Records may be generic and may contain themselves.
 *
 * <p>A record component is required unless it is an {@code Optional} or annotated as
 * {@code @Nullable} (by any annotation of that name); these may be absent or null. Objects have no
 * other properties. {@link Description} adds descriptions. Jackson's annotations are ignored when
 * reading.
 *
 * <p>On the module path, the package of a record that is not exported must be opened to {@code
 * com.fasterxml.jackson.databind}. Immutable and safe for use by many threads.
 *
 * @param <T> the type
 */
public final class JsonType<T> {
  private final Type type;
  private final Map<String, Object> schema;

  private JsonType(Type type) {
    this.type = Objects.requireNonNull(type, "type");
    TypeUse use = TypeUse.of(type);
    schema = SchemaWriter.write(new ShapeBuilder().shape(use, use.raw().getName()));
  }

  /**
   * Describes a class.
   *
   * @param <T> the type
   * @param type a record, say
   * @return its JSON
   * @throws QwqException with {@code INVALID_ARGUMENT}, naming the class and component whose type
   *     has no JSON Schema
   */
  public static <T> JsonType<T> of(Class<T> type) {
    return new JsonType<>(type);
  }

  /**
   * Describes a type that may have type arguments, {@code List<City>} say.
   *
   * @param type the type
   * @return its JSON
   * @throws QwqException with {@code INVALID_ARGUMENT}, naming the class and component whose type
   *     has no JSON Schema
   */
  public static JsonType<?> of(Type type) {
    return new JsonType<>(type);
  }

  /**
   * Describes lists of a class.
   *
   * @param <T> the type of each element
   * @param element a record, say
   * @return the lists' JSON
   * @throws QwqException with {@code INVALID_ARGUMENT}, naming the class and component whose type
   *     has no JSON Schema
   */
  public static <T> JsonType<List<T>> listOf(Class<T> element) {
    return new JsonType<>(new ListOf(element));
  }

  private record ListOf(Class<?> element) implements ParameterizedType {
    @Override
    public Type[] getActualTypeArguments() {
      return new Type[] {element};
    }

    @Override
    public Type getRawType() {
      return List.class;
    }

    @Override
    public @Nullable Type getOwnerType() {
      return null;
    }
  }

  /**
   * Returns the type.
   *
   * @return as it was given
   */
  public Type type() {
    return type;
  }

  /**
   * Returns the JSON Schema (draft 2020-12).
   *
   * @return maps, lists, strings, numbers and booleans; not modifiable, in a fixed order
   */
  public Map<String, Object> schema() {
    return schema;
  }

  /**
   * Reads an object.
   *
   * @param json one JSON value that matches the schema, and nothing else
   * @return the object
   * @throws QwqException with {@code INVALID_JSON}, naming the place, what the schema asks for
   *     there and what was found, or what the record's constructor said
   */
  public T read(String json) {
    Object value = Json.parse(json);
    if (value == null) {
      throw new QwqException(ErrorCode.INVALID_JSON, "expected a value, found null");
    }
    return convert(value);
  }

  /**
   * Makes an object of plain Java values.
   *
   * @param value maps, lists, strings, numbers, booleans and nulls that match the schema
   * @return the object
   * @throws QwqException as {@link #read(String)}
   */
  public T convert(Object value) {
    List<String> violations = Validator.violations(schema, value, true);
    if (!violations.isEmpty()) {
      throw new QwqException(ErrorCode.INVALID_JSON, String.join("; ", violations));
    }
    @SuppressWarnings("unchecked") // Jackson makes what the type says
    T object = (T) Json.convert(value, type);
    if (object == null) {
      throw new QwqException(ErrorCode.INVALID_JSON, "expected a value, found null");
    }
    return object;
  }

  /**
   * Writes an object, with spaces after colons and commas.
   *
   * @param object an object of the type
   * @return its JSON
   */
  public String write(T object) {
    return Json.write(object, type);
  }
}
