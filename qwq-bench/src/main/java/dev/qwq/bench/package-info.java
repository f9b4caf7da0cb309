/** Benchmarks: one command for each kind, and what they share. */
@NullMarked
package dev.qwq.bench;

import org.jspecify.annotations.NullMarked;
