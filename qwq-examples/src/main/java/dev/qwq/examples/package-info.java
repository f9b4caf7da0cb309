/** What all examples share: the bundled model, and where programs keep their files. */
@NullMarked
package dev.qwq.examples;

import org.jspecify.annotations.NullMarked;
