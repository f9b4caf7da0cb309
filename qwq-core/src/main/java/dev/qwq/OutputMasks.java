package dev.qwq;

import dev.qwq.engine.TokenMask;
import dev.qwq.grammar.AnswerGrammar;
import dev.qwq.grammar.Grammar;
import dev.qwq.grammar.GrammarMasks;
import dev.qwq.grammar.TokenTrie;
import dev.qwq.grammar.ToolCallGrammar;
import dev.qwq.output.ReasoningStart;
import dev.qwq.schema.JsonText;
import dev.qwq.tokenizer.Tokenizer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A model's masks for output formats. The vocabulary's tree is built for the first format that is
 * used; what was worked out for a format stays while it is among the last that were. Thread-safe.
 */
final class OutputMasks {
  private static final int MAX_GRAMMARS = 32;

  private final Optional<Tokenizer> tokenizer;
  private final int vocabSize;
  private final int[] endTokens;
  private @Nullable TokenTrie trie;
  private final Map<AnswerGrammar, Grammar> grammars = new LastUsed<>();
  private final Map<Map<String, String>, Grammar> callGrammars = new LastUsed<>();

  /**
   * Keeps the grammars that were used last.
   *
   * @param <K> what they were made of
   */
  private static final class LastUsed<K> extends LinkedHashMap<K, Grammar> {
    private static final long serialVersionUID = 1L;

    LastUsed() {
      super(16, 0.75f, true);
    }

    @Override
    protected boolean removeEldestEntry(Map.Entry<K, Grammar> eldest) {
      return size() > MAX_GRAMMARS;
    }
  }

  OutputMasks(Optional<Tokenizer> tokenizer, int vocabSize, Set<Integer> endTokens) {
    this.tokenizer = tokenizer;
    this.vocabSize = vocabSize;
    this.endTokens = endTokens.stream().mapToInt(Integer::intValue).toArray();
  }

  /**
   * Makes the mask of a reply.
   *
   * @param start what the prompt says about the reply's thinking
   */
  TokenMask mask(OutputFormat format, ReasoningStart start) {
    boolean thinking = start == ReasoningStart.THINKING;
    return GrammarMasks.answer(grammar(format.grammar()), thinking, vocabSize, endTokens);
  }

  /**
   * Makes the mask of a reply that may call tools, if the options ask for one.
   *
   * @param tools those on offer
   * @param start what the prompt says about the reply's thinking
   */
  Optional<TokenMask> toolCalls(GenerationOptions options, List<Tool> tools, ReasoningStart start) {
    if (!options.strictToolCalls() || tools.isEmpty()) {
      return Optional.empty();
    }
    Map<String, String> schemas = new LinkedHashMap<>();
    tools.forEach(tool -> schemas.put(tool.name(), JsonText.of(tool.parameters())));
    return Optional.of(
        GrammarMasks.toolCalls(
            callGrammar(schemas), start == ReasoningStart.THINKING, vocabSize, endTokens));
  }

  private synchronized Grammar callGrammar(Map<String, String> schemas) {
    return callGrammars.computeIfAbsent(schemas, key -> ToolCallGrammar.of(key, trie()));
  }

  private synchronized Grammar grammar(AnswerGrammar answer) {
    return grammars.computeIfAbsent(answer, key -> key.over(trie()));
  }

  /** The vocabulary as a tree. */
  synchronized TokenTrie trie() {
    TokenTrie known = trie;
    if (known == null) {
      if (endTokens.length == 0) {
        throw new QwqException(
            ErrorCode.INVALID_ARGUMENT,
            "outputFormat: expected a model that names an end token, found none");
      }
      Tokenizer words =
          tokenizer.orElseThrow(
              () ->
                  new QwqException(
                      ErrorCode.NO_TOKENIZER,
                      "outputFormat: expected a model with a tokenizer, found none"));
      known = new TokenTrie(words, vocabSize);
      trie = known;
    }
    return known;
  }
}
