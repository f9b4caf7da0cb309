package dev.qwq.engine;

import java.util.SortedMap;

/**
 * How likely a model finds a text.
 *
 * @param logprobs [N-1] natural log-probability of token i+1 after tokens 0 to i
 * @param meanNll mean of the negated log-probabilities; NaN for a single token
 * @param logits the raw logits after each position asked for, [vocabSize] each
 */
public record Scores(float[] logprobs, double meanNll, SortedMap<Integer, float[]> logits) {}
