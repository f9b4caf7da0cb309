@NullMarked
package dev.qwq.bench.jmh;

import org.jspecify.annotations.NullMarked;
