/**
 * The {@code qwq} command line: one class per command, options shared as mixins.
 *
 * <p>Standard output carries answers and nothing else; progress, logs and errors go to standard
 * error.
 */
package dev.qwq.examples.cli;
