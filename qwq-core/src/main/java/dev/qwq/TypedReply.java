package dev.qwq;

/**
 * A reply whose answer is a value.
 *
 * @param <T> the value's type
 * @param value what was read from the answer
 * @param reply the whole reply: thinking, the answer's text, usage
 */
public record TypedReply<T>(T value, Reply reply) {}
