@NullMarked
package dev.qwq.bench;

import org.jspecify.annotations.NullMarked;
