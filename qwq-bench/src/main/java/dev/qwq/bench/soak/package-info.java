/** Many conversations over one model, disturbed in every way there is, compared with each alone. */
@NullMarked
package dev.qwq.bench.soak;

import org.jspecify.annotations.NullMarked;
