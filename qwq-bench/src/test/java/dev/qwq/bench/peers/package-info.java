@NullMarked
package dev.qwq.bench.peers;

import org.jspecify.annotations.NullMarked;
