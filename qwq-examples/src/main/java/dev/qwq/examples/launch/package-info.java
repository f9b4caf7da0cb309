/**
 * Starts the program, whatever {@code java} it is started by.
 *
 * <p>These classes are compiled for Java 8, so that an old runtime can load them, find a newer one
 * beside it and hand over. They are not {@code @NullMarked}: the annotation needs Java 9.
 */
package dev.qwq.examples.launch;
