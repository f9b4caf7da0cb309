/** Whole models against the limits of the machine. */
@NullMarked
package dev.qwq.bench.models;

import org.jspecify.annotations.NullMarked;
