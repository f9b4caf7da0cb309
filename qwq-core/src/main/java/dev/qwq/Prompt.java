package dev.qwq;

import dev.qwq.output.ReasoningStart;
import java.util.Arrays;

/**
 * What a model is given.
 *
 * @param tokens its ids
 * @param start what the prompt says about the reply's thinking
 * @param opened whether it ends in an open marker, rather than leaving that to the model
 */
record Prompt(int[] tokens, ReasoningStart start, boolean opened) {
  /** This prompt, beginning with the tokens of a conversation as far as they say the same. */
  Prompt splicedTo(int[] known, Model model) {
    return model
        .tokenizer()
        .map(tokenizer -> new Prompt(TokenSplice.splice(tokenizer, known, tokens), start, opened))
        .orElse(this);
  }

  /** The tokens of this prompt and these. */
  int[] followedBy(int[] more) {
    int[] all = Arrays.copyOf(tokens, tokens.length + more.length);
    System.arraycopy(more, 0, all, tokens.length, more.length);
    return all;
  }
}
