package dev.qwq.schema;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import java.lang.reflect.AnnotatedArrayType;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.AnnotatedParameterizedType;
import java.lang.reflect.AnnotatedType;
import java.lang.reflect.AnnotatedWildcardType;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A type as it is used somewhere, with everything known: no type variables or wildcards are left.
 *
 * @param raw its class
 * @param arguments its type arguments; for an array its one element type
 * @param nullable whether it is annotated as {@code @Nullable}, by whichever annotation of that
 *     name
 */
record TypeUse(Class<?> raw, List<TypeUse> arguments, boolean nullable) {
  /** What type variables stand for. */
  record Bindings(Map<TypeVariable<?>, TypeUse> values) {
    static final Bindings NONE = new Bindings(Map.of());
  }

  /** Resolves a type without annotations. */
  static TypeUse of(Type type) {
    return of(type, Bindings.NONE);
  }

  private static TypeUse of(Type type, Bindings bindings) {
    return switch (type) {
      case Class<?> raw when raw.isArray() ->
          new TypeUse(raw, List.of(of(raw.getComponentType(), bindings)), false);
      case Class<?> raw -> new TypeUse(raw, List.of(), false);
      case ParameterizedType generic ->
          new TypeUse(
              (Class<?>) generic.getRawType(),
              Arrays.stream(generic.getActualTypeArguments()).map(a -> of(a, bindings)).toList(),
              false);
      case GenericArrayType array -> arrayOf(of(array.getGenericComponentType(), bindings), false);
      case WildcardType wildcard -> of(wildcard.getUpperBounds()[0], bindings);
      case TypeVariable<?> variable -> bound(variable, bindings);
      default -> throw unsupported(type.getTypeName());
    };
  }

  /** Resolves a type where it is written. */
  static TypeUse of(AnnotatedType type, Bindings bindings) {
    boolean nullable = hasNullable(type);
    return switch (type) {
      case AnnotatedArrayType array ->
          arrayOf(of(array.getAnnotatedGenericComponentType(), bindings), nullable);
      case AnnotatedParameterizedType generic ->
          new TypeUse(
              of(generic.getType(), bindings).raw(),
              Arrays.stream(generic.getAnnotatedActualTypeArguments())
                  .map(argument -> of(argument, bindings))
                  .toList(),
              nullable);
      case AnnotatedWildcardType wildcard -> of(wildcard.getAnnotatedUpperBounds()[0], bindings);
      default -> {
        TypeUse resolved = of(type.getType(), bindings);
        yield nullable ? new TypeUse(resolved.raw, resolved.arguments, true) : resolved;
      }
    };
  }

  /** Tells whether an annotation named {@code Nullable} is present. */
  static boolean hasNullable(AnnotatedElement element) {
    return Arrays.stream(element.getAnnotations())
        .anyMatch(a -> a.annotationType().getSimpleName().equals("Nullable"));
  }

  private static TypeUse arrayOf(TypeUse element, boolean nullable) {
    return new TypeUse(element.raw().arrayType(), List.of(element), nullable);
  }

  private static TypeUse bound(TypeVariable<?> variable, Bindings bindings) {
    TypeUse bound = bindings.values().get(variable);
    if (bound == null) {
      throw unsupported("type variable " + variable + " of " + variable.getGenericDeclaration());
    }
    return bound;
  }

  private static QwqException unsupported(String what) {
    return new QwqException(
        ErrorCode.INVALID_ARGUMENT,
        "JSON Schema: expected a type whose type arguments are known, found " + what);
  }

  /** What this type's own type variables stand for. */
  Bindings bindings() {
    TypeVariable<?>[] variables = raw.getTypeParameters();
    Map<TypeVariable<?>, TypeUse> values = new HashMap<>();
    for (int i = 0; i < Math.min(variables.length, arguments.size()); i++) {
      values.put(variables[i], arguments.get(i));
    }
    return new Bindings(values);
  }

  /** The type argument or array element; null if a generic type was used without. */
  @Nullable TypeUse argument(int index) {
    return index < arguments.size() ? arguments.get(index) : null;
  }

  /** How deep its type arguments are nested. */
  int depth() {
    return arguments.stream().mapToInt(TypeUse::depth).max().orElse(0) + 1;
  }

  /** The same type where null is not allowed. */
  TypeUse notNull() {
    return nullable ? new TypeUse(raw, arguments, false) : this;
  }

  /** As in source code, with simple names. */
  @Override
  public String toString() {
    if (raw.isArray()) {
      return arguments.getFirst() + "[]";
    }
    return arguments.isEmpty()
        ? raw.getSimpleName()
        : arguments.stream()
            .map(TypeUse::toString)
            .collect(Collectors.joining(", ", raw.getSimpleName() + "<", ">"));
  }
}
