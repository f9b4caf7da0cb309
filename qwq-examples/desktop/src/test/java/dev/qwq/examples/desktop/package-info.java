@NullMarked
package dev.qwq.examples.desktop;

import org.jspecify.annotations.NullMarked;
