package dev.qwq.schema;

import dev.qwq.QwqException;
import java.lang.reflect.Type;

/**
 * Writes Java objects as JSON for a model, with spaces after colons and commas: records, beans,
 * collections, maps, dates and times as ISO 8601, enums by their names. Jackson's annotations are
 * honoured.
 */
public final class JsonText {
  private JsonText() {}

  /**
   * Writes an object as what it is.
   *
   * @param object the object
   * @return its JSON
   * @throws QwqException with {@code INVALID_ARGUMENT} if it has no JSON
   */
  public static String of(Object object) {
    return Json.write(object, null);
  }

  /**
   * Writes an object as a type that it is of, {@code List<Figure>} say, so that records of a sealed
   * interface say which they are.
   *
   * @param object the object
   * @param type the type
   * @return its JSON
   * @throws QwqException with {@code INVALID_ARGUMENT} if it has no JSON
   */
  public static String of(Object object, Type type) {
    return Json.write(object, type);
  }
}
