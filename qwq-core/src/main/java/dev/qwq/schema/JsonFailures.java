package dev.qwq.schema;

import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.exc.InvalidDefinitionException;
import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import java.util.stream.Collectors;

/** What Jackson throws, as failures that name class and place. */
final class JsonFailures {
  private JsonFailures() {}

  /**
   * Translates a failure to make an object.
   *
   * @param failure Jackson's
   * @param target what was to be made
   */
  static QwqException of(Exception failure, Class<?> target) {
    if (failure instanceof InvalidDefinitionException) {
      return new QwqException(
          ErrorCode.INVALID_ARGUMENT,
          target.getName()
              + ": no object can be made; a module must open the package to"
              + " com.fasterxml.jackson.databind: "
              + ((JsonMappingException) failure).getOriginalMessage(),
          failure);
    }
    String place = failure instanceof JsonMappingException mapping ? path(mapping) : "";
    // A record's constructor may know more than its schema: what it says helps most.
    Throwable cause = failure.getCause() == null ? failure : failure.getCause();
    String message =
        cause instanceof JsonMappingException mapping
            ? mapping.getOriginalMessage()
            : String.valueOf(cause.getMessage());
    return new QwqException(
        ErrorCode.INVALID_JSON,
        (place.isEmpty() ? target.getSimpleName() : place) + ": " + message,
        failure);
  }

  private static String path(JsonMappingException failure) {
    return failure.getPath().stream()
        .map(r -> r.getFieldName() == null ? "[" + r.getIndex() + "]" : "." + r.getFieldName())
        .collect(Collectors.joining())
        .replaceFirst("^\\.", "");
  }
}
