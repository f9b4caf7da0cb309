package dev.qwq.schema;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.BeanProperty;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.jsontype.TypeSerializer;
import com.fasterxml.jackson.databind.ser.ContextualSerializer;
import com.fasterxml.jackson.databind.ser.std.StdSerializer;
import com.fasterxml.jackson.databind.type.TypeFactory;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Writes an {@link Optional} as its value, or as null. */
final class OptionalWriter extends StdSerializer<Optional<?>> implements ContextualSerializer {
  private static final long serialVersionUID = 1L;

  private final JavaType content;

  OptionalWriter() {
    this(TypeFactory.unknownType());
  }

  private OptionalWriter(JavaType content) {
    super(Optional.class, false);
    this.content = content;
  }

  @Override
  public JsonSerializer<?> createContextual(
      SerializerProvider provider, @Nullable BeanProperty property) {
    return property == null
        ? this
        : new OptionalWriter(property.getType().containedTypeOrUnknown(0));
  }

  @Override
  public void serialize(Optional<?> value, JsonGenerator out, SerializerProvider provider)
      throws IOException {
    if (value.isEmpty()) {
      provider.defaultSerializeNull(out);
      return;
    }
    Object present = value.get();
    TypeSerializer types = provider.findTypeSerializer(content);
    if (types == null) {
      provider.defaultSerializeValue(present, out);
    } else {
      provider
          .findValueSerializer(present.getClass())
          .serializeWithType(present, out, provider, types);
    }
  }
}
