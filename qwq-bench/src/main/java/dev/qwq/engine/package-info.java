/** Benchmarks that must see inside the engine. */
@NullMarked
package dev.qwq.engine;

import org.jspecify.annotations.NullMarked;
