/** qwq and other engines on the same files, in turn. */
@NullMarked
package dev.qwq.bench.peers;

import org.jspecify.annotations.NullMarked;
