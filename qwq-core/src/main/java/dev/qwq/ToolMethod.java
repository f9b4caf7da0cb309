package dev.qwq;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks a method as a tool, see {@link Tools#of}. {@link dev.qwq.schema.Description} on the method
 * says what it does, on a parameter what it means.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface ToolMethod {
  /**
   * Returns how the model calls the tool.
   *
   * @return its name; by default that of the method
   */
  String value() default "";
}
