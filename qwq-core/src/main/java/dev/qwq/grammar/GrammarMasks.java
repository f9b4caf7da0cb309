package dev.qwq.grammar;

import dev.qwq.engine.TokenMask;

/** Masks for whole replies. */
public final class GrammarMasks {
  private static final String THINKING_END = "</think>";

  private GrammarMasks() {}

  /**
   * Makes the mask of a reply whose answer is of a grammar. The answer must come, and be complete:
   * before, the reply cannot end.
   *
   * @param grammar the answer's
   * @param thinking whether the reply begins inside the thinking, which is free up to {@code
   *     </think>}
   * @param vocabSize ids the model has
   * @param endTokens ids that end a reply, at least one
   * @return the mask of the first token
   */
  public static TokenMask answer(
      Grammar grammar, boolean thinking, int vocabSize, int[] endTokens) {
    Stage answer = new Stage.Constrained(grammar, endTokens, null);
    return thinking
        ? behindThinking(answer, grammar.trie(), vocabSize, endTokens, false)
        : answer.begin();
  }

  private static TokenMask behindThinking(
      Stage next, TokenTrie trie, int vocabSize, int[] endTokens, boolean mayEnd) {
    Stage.Free free = new Stage.Free(trie, vocabSize, THINKING_END, endTokens, mayEnd);
    free.then(next);
    return free.begin();
  }

  /**
   * Makes the mask of a reply that may call tools: free text, but what stands between {@code
   * <tool_call>} and {@code </tool_call>} is of a grammar. Calls inside the thinking are none, and
   * free.
   *
   * @param calls the calls' grammar, with the closing marker: {@link ToolCallGrammar}
   * @param thinking whether the reply begins inside the thinking
   * @param vocabSize ids the model has
   * @param endTokens ids that end a reply
   * @return the mask of the first token
   */
  public static TokenMask toolCalls(
      Grammar calls, boolean thinking, int vocabSize, int[] endTokens) {
    Stage.Free answer =
        new Stage.Free(calls.trie(), vocabSize, ToolCallGrammar.OPEN, endTokens, true);
    answer.then(new Stage.Constrained(calls, endTokens, answer));
    return thinking
        ? behindThinking(answer, calls.trie(), vocabSize, endTokens, true)
        : answer.begin();
  }
}
