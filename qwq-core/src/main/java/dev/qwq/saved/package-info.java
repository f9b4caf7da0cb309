/** Conversations in files: messages, tokens and KV cache. Internal. */
@NullMarked
package dev.qwq.saved;

import org.jspecify.annotations.NullMarked;
