package dev.qwq.schema;

import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.cfg.MapperConfig;
import com.fasterxml.jackson.databind.introspect.Annotated;
import com.fasterxml.jackson.databind.introspect.AnnotatedClass;
import com.fasterxml.jackson.databind.introspect.NopAnnotationIntrospector;
import com.fasterxml.jackson.databind.jsontype.NamedType;
import com.fasterxml.jackson.databind.jsontype.TypeResolverBuilder;
import com.fasterxml.jackson.databind.jsontype.impl.StdTypeResolverBuilder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Sealed interfaces in JSON: an object of one of their records, whose first property, {@code type},
 * is the record's simple name. It looks to Jackson as if they were annotated that way.
 */
final class SealedTypes extends NopAnnotationIntrospector {
  private static final long serialVersionUID = 1L;

  /** The property that tells the records of a sealed interface apart. */
  static final String DISCRIMINATOR = "type";

  private static final JsonTypeInfo.Value INFO =
      JsonTypeInfo.Value.construct(
          JsonTypeInfo.Id.NAME, JsonTypeInfo.As.PROPERTY, DISCRIMINATOR, null, false, true);

  /** All classes a sealed interface permits, those of permitted interfaces included, in order. */
  static List<Class<?>> records(Class<?> sealed) {
    List<Class<?>> records = new ArrayList<>();
    for (Class<?> permitted : sealed.getPermittedSubclasses()) {
      if (permitted.isInterface() && permitted.isSealed()) {
        records.addAll(records(permitted));
      } else {
        records.add(permitted);
      }
    }
    return records.stream().distinct().<Class<?>>map(c -> c).toList();
  }

  /** The discriminator's value. */
  static String name(Class<?> type) {
    return type.getSimpleName();
  }

  @Override
  public @Nullable TypeResolverBuilder<?> findTypeResolver(
      MapperConfig<?> config, AnnotatedClass type, JavaType baseType) {
    return isSealed(type.getRawType()) ? new StdTypeResolverBuilder().init(INFO, null) : null;
  }

  @Override
  public @Nullable List<NamedType> findSubtypes(Annotated type) {
    if (!isSealed(type.getRawType())) {
      return null;
    }
    return records(type.getRawType()).stream().map(c -> new NamedType(c, name(c))).toList();
  }

  private static boolean isSealed(Class<?> type) {
    return type.isInterface() && type.isSealed();
  }
}
