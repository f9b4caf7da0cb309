/** From generated tokens to what they mean: text, thinking, answer, tool calls, stop strings. */
@NullMarked
package dev.qwq.output;

import org.jspecify.annotations.NullMarked;
