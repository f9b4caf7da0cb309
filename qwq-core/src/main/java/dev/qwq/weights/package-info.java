/**
 * Weight files as they lie on disk: GGUF (read and written) and safetensors (read).
 *
 * <p>Files are untrusted. They are parsed in Java over bounds-checked segments, and nothing is
 * handed out before every count, length and offset in it has been checked against the file.
 */
@NullMarked
package dev.qwq.weights;

import org.jspecify.annotations.NullMarked;
