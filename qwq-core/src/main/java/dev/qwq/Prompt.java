package dev.qwq;

import dev.qwq.output.ReasoningStart;

/**
 * What a model is given.
 *
 * @param tokens its ids
 * @param start what the prompt says about the reply's thinking
 */
record Prompt(int[] tokens, ReasoningStart start) {}
