/** Programs that measure, run by hand; {@code docs/performance.md} has what they printed. */
@NullMarked
package dev.qwq.examples.measure;

import org.jspecify.annotations.NullMarked;
