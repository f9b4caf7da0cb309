/**
 * A chat service for many users over one model.
 *
 * <p>{@code ChatController} is what clients see; {@code Conversations} keeps each user's sessions,
 * {@code Replies} what is being generated.
 */
@NullMarked
package dev.qwq.examples.service;

import org.jspecify.annotations.NullMarked;
