/**
 * Reasoning models inside the JVM.
 *
 * <p>{@link dev.qwq.Model} opens a model file, {@link dev.qwq.Session} is one conversation with it,
 * {@link dev.qwq.Sampler} says how tokens are drawn, and {@link dev.qwq.Reply} or {@link
 * dev.qwq.ReplyStream} is what comes back: thinking, answer and tool calls apart.
 */
@NullMarked
package dev.qwq;

import org.jspecify.annotations.NullMarked;
