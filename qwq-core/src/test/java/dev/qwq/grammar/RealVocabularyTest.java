package dev.qwq.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qwq.engine.TokenMask;
import dev.qwq.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The vocabulary of Qwen2, where there is one: masks are what trying all 151,665 tokens gives. */
class RealVocabularyTest {
  private static final String TEXT =
      "{\"name\": \"Ada \\\"L\\\" 漢字\", \"tags\": [\"a\", \"bc\"], \"n\": -12.5, \"in\": {\"x\":"
          + " null}}";
  private static final List<String> SCHEMAS =
      List.of(
          "{}",
          "{\"type\": \"object\", \"properties\": {\"name\": {\"type\": \"string\", \"maxLength\":"
              + " 40}, \"tags\": {\"type\": \"array\", \"items\": {\"type\": \"string\","
              + " \"pattern\": \"^[a-z]+$\"}}, \"n\": {\"type\": \"number\", \"minimum\": -20},"
              + " \"in\": {\"type\": \"object\"}}, \"required\": [\"name\"]}");

  @TempDir Path folder;

  @Test
  void equalsTryingEveryToken() throws IOException {
    Tokenizer qwen = Vocabularies.qwen2(folder);
    TokenTrie trie = new TokenTrie(qwen, 152_064);
    int end = qwen.id("<|im_end|>").orElseThrow();
    for (String schema : SCHEMAS) {
      Grammar grammar = AnswerGrammar.jsonSchema(schema).over(trie);
      TokenMask mask = GrammarMasks.answer(grammar, false, 152_064, new int[] {end});
      Positions at = grammar.start();
      for (int token : qwen.encode(TEXT, false)) {
        int[] allowed = Writer.words(mask);
        assertThat(allowed).hasSize(4_752);
        for (int id = 0; id < 152_064; id++) {
          boolean text = id < qwen.size() && !qwen.isAdded(id);
          boolean fits = text && !at.next(qwen.bytes(id)).isDead();
          if (Writer.has(allowed, id) != fits) {
            assertThat(qwen.piece(id)).as("fits: %s, in %s", fits, schema).isNull();
          }
        }
        mask = mask.after(token);
        at = at.next(qwen.bytes(token));
      }
      assertThat(Writer.has(Writer.words(mask), end)).isTrue();
    }
  }
}
