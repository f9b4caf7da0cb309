/**
 * Chat templates: a conversation to the text a model reads.
 *
 * <p>{@link dev.qwq.chat.ChatTemplate} renders the Jinja templates that models bring with them
 * exactly as Hugging Face does, and says which parts of the result the template itself wrote, so
 * that nobody but the template can write special tokens.
 */
@NullMarked
package dev.qwq.chat;

import org.jspecify.annotations.NullMarked;
