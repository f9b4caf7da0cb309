package dev.qwq.schema;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Says what something means, for the model: a record, a sealed interface, an enum or one of its
 * constants, a record component, a tool's method or one of its parameters.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({
  ElementType.TYPE,
  ElementType.RECORD_COMPONENT,
  ElementType.FIELD, // enum constants
  ElementType.METHOD,
  ElementType.PARAMETER
})
public @interface Description {
  /**
   * Returns the description.
   *
   * @return one or more sentences, best in the language of the prompt
   */
  String value();
}
