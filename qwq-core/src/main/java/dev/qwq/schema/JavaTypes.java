package dev.qwq.schema;

import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.deser.std.FromStringDeserializer;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.ToStringSerializer;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.time.ZonedDateTime;
import java.time.temporal.Temporal;
import java.time.temporal.TemporalAmount;
import java.util.Optional;
import java.util.function.Function;

/** Tells Jackson of the JDK's types that it knows only with further modules. */
final class JavaTypes extends SimpleModule {
  private static final long serialVersionUID = 1L;

  JavaTypes() {
    super("qwq");
    addText(LocalDate.class, LocalDate::parse);
    addText(LocalTime.class, LocalTime::parse);
    addText(LocalDateTime.class, LocalDateTime::parse);
    addText(Instant.class, text -> OffsetDateTime.parse(text).toInstant());
    addText(OffsetDateTime.class, OffsetDateTime::parse);
    addText(OffsetTime.class, OffsetTime::parse);
    addText(ZonedDateTime.class, ZonedDateTime::parse);
    addText(Duration.class, Duration::parse);
    addSerializer(Temporal.class, ToStringSerializer.instance);
    addSerializer(TemporalAmount.class, ToStringSerializer.instance);
    addDeserializer(Optional.class, new OptionalReader());
    addSerializer(new OptionalWriter());
  }

  private <T> void addText(Class<T> type, Function<String, T> parser) {
    addDeserializer(type, new TextReader<>(type, parser));
  }

  /**
   * Reads a type from the text it prints as.
   *
   * @param <T> the type
   */
  private static final class TextReader<T> extends FromStringDeserializer<T> {
    private static final long serialVersionUID = 1L;

    private final transient Function<String, T> parser;

    TextReader(Class<T> type, Function<String, T> parser) {
      super(type);
      this.parser = parser;
    }

    @Override
    protected T _deserialize(String text, DeserializationContext context) throws IOException {
      try {
        return parser.apply(text);
      } catch (DateTimeException e) {
        @SuppressWarnings("unchecked") // what a handler makes instead is of the type asked for
        T other = (T) context.handleWeirdStringValue(_valueClass, text, "%s", e.getMessage());
        return other;
      }
    }
  }
}
