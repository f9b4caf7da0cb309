@NullMarked
package dev.qwq.examples.service;

import org.jspecify.annotations.NullMarked;
