/** Finds, unpacks, loads and checks the native library. */
@NullMarked
package dev.qwq.nativelib;

import org.jspecify.annotations.NullMarked;
