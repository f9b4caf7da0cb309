/**
 * The {@code qwq} command line: one class per command, options shared as mixins.
 *
 * <p>Standard output carries answers and nothing else; progress, logs and errors go to standard
 * error.
 */
@NullMarked
package dev.qwq.examples.cli;

import org.jspecify.annotations.NullMarked;
