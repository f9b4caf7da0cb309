package dev.qwq;

/**
 * What a {@link TypedStream} delivers, in the order it happens.
 *
 * @param <T> the type of the answer's value
 */
public sealed interface TypedEvent<T> {
  /**
   * The prompt is being read.
   *
   * @param <T> the type of the answer's value
   * @param processed prompt tokens done so far, those found in the cache included
   * @param total all prompt tokens
   */
  record Progress<T>(int processed, int total) implements TypedEvent<T> {}

  /**
   * The model thinks.
   *
   * @param <T> the type of the answer's value
   * @param text the next piece, never empty
   */
  record Reasoning<T>(String text) implements TypedEvent<T> {}

  /**
   * The answer has grown.
   *
   * @param <T> the type of the answer's value
   * @param value what there is of it: maps, lists, strings, numbers and booleans, not modifiable. A
   *     string grows; numbers, booleans, nulls and a property's name are there once they are
   *     complete
   */
  record Partial<T>(Object value) implements TypedEvent<T> {}

  /**
   * The answer is complete; always the last event.
   *
   * @param <T> the type of the answer's value
   * @param value the value
   * @param reply the whole reply
   */
  record Done<T>(T value, Reply reply) implements TypedEvent<T> {}
}
