package dev.qwq.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qwq.engine.TokenMask;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Masks are what trying every token gives. */
class MaskTest {
  private static final byte[][] TOKENS = Vocabularies.random(7, 700);
  private static final TokenTrie TRIE = Vocabularies.trie(TOKENS);
  private static final int END = TOKENS.length + 3;

  static Stream<Node> grammars() {
    Stream<Node> schemas =
        SchemaCases.read(false).stream().map(one -> SchemaCompiler.compile(one.schema()));
    Stream<Node> regexes =
        Stream.of(
                "[a-z ]*",
                "(a|ab|abc)+",
                ".{0,20}",
                "[^x]{3,}",
                "\\p{L}+",
                "(\"[^\"]*\",?)+",
                "\\{\"n\": -?[0-9]+\\}",
                "(é|漢|😀)*x")
            .map(pattern -> AnswerGrammar.regex(pattern).root());
    return Stream.concat(schemas, regexes);
  }

  @ParameterizedTest
  @MethodSource("grammars")
  void equalsTryingEveryToken(Node root) {
    Random random = new Random(11);
    Grammar grammar = new Grammar(root, TRIE);
    for (int text = 0; text < 4; text++) {
      TokenMask mask = new Stage.Constrained(grammar, new int[] {END}, null).begin();
      Positions at = grammar.start();
      for (int step = 0; step < 15; step++) {
        int[] allowed = Writer.words(mask);
        int chosen = -1;
        int count = 0;
        for (int id = 0; id < 32 * allowed.length; id++) {
          boolean fits =
              id < TOKENS.length ? !at.next(TOKENS[id]).isDead() : id == END && at.mayEndText();
          assertThat(Writer.has(allowed, id)).as("token %d at %s", id, at).isEqualTo(fits);
          if (fits && random.nextInt(++count) == 0) {
            chosen = id;
          }
        }
        assertThat(count).as("a way on").isPositive();
        if (chosen == END) {
          break;
        }
        mask = mask.after(chosen);
        at = at.next(TOKENS[chosen]);
      }
    }
  }

  @Test
  void givesIndependentSuccessors() {
    Grammar grammar = new Grammar(SchemaCompiler.compile("{\"type\": \"array\"}"), TRIE);
    TokenMask start = new Stage.Constrained(grammar, new int[] {END}, null).begin();
    TokenMask open = start.after('[');
    int[] before = Writer.words(open).clone();
    TokenMask number = open.after('1');
    TokenMask string = open.after('"');
    assertThat(Writer.has(Writer.words(number), ']')).isTrue();
    assertThat(Writer.has(Writer.words(number), 'x')).isFalse();
    assertThat(Writer.has(Writer.words(string), 'x')).isTrue();
    assertThat(Writer.has(Writer.words(open.after(']')), END)).isTrue();
    assertThat(Writer.words(open)).isEqualTo(before);
    assertThat(Writer.has(Writer.words(string.after('"').after(',')), '1')).isTrue();
  }

  @Test
  void allowsOnlyTheEndBehindACompleteText() {
    Grammar grammar = new Grammar(SchemaCompiler.compile("{\"const\": \"ab\"}"), TRIE);
    TokenMask mask = new Stage.Constrained(grammar, new int[] {END, END + 1}, null).begin();
    for (int b : "\"ab\"".toCharArray()) {
      assertThat(Writer.has(Writer.words(mask), END)).isFalse();
      mask = mask.after(b);
    }
    int[] allowed = Writer.words(mask);
    assertThat(Writer.has(allowed, END)).isTrue();
    assertThat(Writer.has(allowed, END + 1)).isTrue();
    int count = 0;
    for (int word : allowed) {
      count += Integer.bitCount(word);
    }
    assertThat(count).isEqualTo(2);
    assertThat(mask.after(END)).isNotNull();
  }
}
