/**
 * JSON Schema of Java types, and JSON to Java and back.
 *
 * <p>{@link dev.qwq.schema.JsonType} describes records, sealed interfaces, enums, collections and
 * simple values to a model and reads what the model wrote; {@link dev.qwq.schema.Description} says
 * what they mean; {@link dev.qwq.schema.SchemaCheck} names what does not match a schema.
 */
@NullMarked
package dev.qwq.schema;

import org.jspecify.annotations.NullMarked;
