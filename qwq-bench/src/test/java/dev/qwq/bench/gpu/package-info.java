@NullMarked
package dev.qwq.bench.gpu;

import org.jspecify.annotations.NullMarked;
