/** Brings the library with the CUDA kernels along; nothing in here is to be called by users. */
@NullMarked
package dev.qwq.nativelib.cuda;

import org.jspecify.annotations.NullMarked;
