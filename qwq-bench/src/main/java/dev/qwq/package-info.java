/** What benchmarks must see inside a model. */
@NullMarked
package dev.qwq;

import org.jspecify.annotations.NullMarked;
