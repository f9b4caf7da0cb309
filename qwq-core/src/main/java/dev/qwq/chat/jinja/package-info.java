/**
 * The Jinja that chat templates are written in, with the settings of Hugging Face's renderer:
 * sandboxed, {@code trim_blocks}, {@code lstrip_blocks}, loop controls, generation blocks.
 *
 * <p>A template goes through {@link dev.qwq.chat.jinja.Lexer}, {@link dev.qwq.chat.jinja.Parser}
 * and {@link dev.qwq.chat.jinja.Statements}. Values are plain data with Python's semantics; every
 * string is a {@link dev.qwq.chat.jinja.Text}, which knows the parts of it that the template itself
 * wrote. Strings are never read as templates, and nothing is reached by reflection.
 */
@NullMarked
package dev.qwq.chat.jinja;

import org.jspecify.annotations.NullMarked;
