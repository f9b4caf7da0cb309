/** Whole models on a GPU, and the report of a check. */
@NullMarked
package dev.qwq.bench.gpu;

import org.jspecify.annotations.NullMarked;
