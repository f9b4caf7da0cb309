@NullMarked
package dev.qwq.bench.soak;

import org.jspecify.annotations.NullMarked;
