/**
 * A chat window.
 *
 * <p>{@code ChatPresenter} is the program: it talks with the model off the UI thread and knows
 * nothing of Swing. {@code ChatWindow} is what a person sees of it.
 */
@NullMarked
package dev.qwq.examples.desktop;

import org.jspecify.annotations.NullMarked;
