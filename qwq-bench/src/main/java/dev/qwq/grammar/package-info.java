/** Benchmarks of what the package does not show. */
@NullMarked
package dev.qwq.grammar;

import org.jspecify.annotations.NullMarked;
