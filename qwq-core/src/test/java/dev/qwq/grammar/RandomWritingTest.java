package dev.qwq.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qwq.tokenizer.Tokenizer;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever is drawn from the masks is valid, says an independent validator. */
class RandomWritingTest {
  private static final long SEED = 20_250_305;
  private static final Tokenizer TINY = Vocabularies.tiny();
  private static final TokenTrie TRIE = new TokenTrie(TINY, 1280);

  static Stream<SchemaCases> cases() {
    return SchemaCases.read(false).stream().filter(SchemaCases::hasOracle);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void writesOnlyWhatIsValid(SchemaCases one) {
    Grammar grammar = new Grammar(SchemaCompiler.compile(one.schema()), TRIE);
    Writer writer = new Writer(TRIE, TINY.eosId().orElseThrow(), new Random(SEED));
    for (int i = 0; i < 40; i++) {
      String text = writer.write(grammar, 5 + i);
      assertThat(one.complaints(text)).as("seed %d, text %d: %s", SEED, i, text).isEmpty();
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void takesValidTextsTokenByToken(SchemaCases one) {
    Grammar grammar = AnswerGrammar.jsonSchema(one.schema()).over(TRIE);
    int end = TINY.eosId().orElseThrow();
    for (String text : one.valid()) {
      for (String answer : new String[] {text, "\n\n" + text}) {
        dev.qwq.engine.TokenMask mask =
            new Stage.Constrained(grammar, new int[] {end}, null).begin();
        for (int token : TINY.encode(answer, false)) {
          int[] allowed = Writer.words(mask);
          assertThat(Writer.has(allowed, token))
              .as("token \"%s\" of %s", TINY.piece(token), answer)
              .isTrue();
          mask = mask.after(token);
        }
        assertThat(Writer.has(Writer.words(mask), end)).as("end of %s", answer).isTrue();
      }
    }
  }
}
