@NullMarked
package dev.qwq.bench.models;

import org.jspecify.annotations.NullMarked;
