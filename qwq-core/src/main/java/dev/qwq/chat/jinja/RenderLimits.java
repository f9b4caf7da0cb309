package dev.qwq.chat.jinja;

import java.time.Duration;

/**
 * What a template may use.
 *
 * @param time for one rendering
 * @param textLength of the output and of every string on the way, in UTF-16 units
 */
public record RenderLimits(Duration time, int textLength) {}
