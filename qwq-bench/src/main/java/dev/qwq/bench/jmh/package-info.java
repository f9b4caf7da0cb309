/** JMH benchmarks of what Java does for each token or prompt. */
@NullMarked
package dev.qwq.bench.jmh;

import org.jspecify.annotations.NullMarked;
