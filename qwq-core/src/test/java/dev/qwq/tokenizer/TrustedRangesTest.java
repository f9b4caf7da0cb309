package dev.qwq.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qwq.QwqException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Added tokens are those of trusted text only; all other text is encoded as if it were one. */
class TrustedRangesTest {
  @Test
  void tokensLieWhollyInsideOneRange() {
    TokenizerData data = data();
    TextEncoder encoder = encoder(data);
    String text = "<x><x><x>";
    assertThat(added(encoder.encode(text, new int[] {}))).isEmpty();
    assertThat(added(encoder.encode(text, new int[] {0, 9}))).hasSize(3);
    assertThat(added(encoder.encode(text, new int[] {0, 3}))).hasSize(1);
    assertThat(added(encoder.encode(text, new int[] {0, 2, 3, 6}))).hasSize(1);
    assertThat(added(encoder.encode(text, new int[] {1, 8}))).hasSize(1);
    assertThat(added(encoder.encode(text, new int[] {0, 2, 2, 3}))).isEmpty();
  }

  @Test
  void loneSurrogatesDoNotMoveRanges() {
    Tokenizer tokenizer = Tokenizer.of(data());
    String text = "\uD800<x>\uDC00<x>\uD83D";
    assertThat(added(tokenizer.encode(text, new int[] {1, 4}))).hasSize(1);
    assertThat(added(tokenizer.encode(text, new int[] {1, 4, 5, 8}))).hasSize(2);
    assertThat(added(tokenizer.encode(text, new int[] {0, 3, 6, 9}))).isEmpty();
    assertThat(tokenizer.decode(tokenizer.encode(text, new int[] {0, 9})))
        .isEqualTo("\uFFFD<x>\uFFFD<x>\uFFFD");
  }

  @Test
  void rangesDoNotCutWords() {
    long seed = 20_260_307;
    Random random = new Random(seed);
    TokenizerData data = data();
    TextEncoder encoder = encoder(data);
    Tokenizer tokenizer = Tokenizer.of(data);
    for (int round = 0; round < 2_000; round++) {
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < 30; i++) {
        text.append("abbc <x>".charAt(random.nextInt(8)));
      }
      List<Integer> bounds = new ArrayList<>();
      for (int at = random.nextInt(6); at + 6 < 30; at += 1 + random.nextInt(8)) {
        bounds.add(at);
      }
      if (bounds.size() % 2 == 1) {
        bounds.removeLast();
      }
      int[] ranges = bounds.stream().mapToInt(i -> i).toArray();
      // The outcome by another way: tokens in the ranges first, then each piece between them.
      List<Integer> expected = new ArrayList<>();
      int done = 0;
      for (int r = 0; r < ranges.length; r += 2) {
        int at = text.indexOf("<x>", ranges[r]);
        while (at >= 0 && at + 3 <= ranges[r + 1]) {
          addAll(expected, tokenizer.encode(text.substring(done, at), false));
          expected.add(data.addedTokens().getFirst().id());
          done = at + 3;
          at = text.indexOf("<x>", done);
        }
      }
      addAll(expected, tokenizer.encode(text.substring(done), false));
      assertThat(encoder.encode(text.toString(), ranges))
          .as("seed %d, round %d: %s %s", seed, round, text, bounds)
          .containsExactly(expected.stream().mapToInt(i -> i).toArray());
    }
  }

  @Test
  void rangesAreAscendingPairsInsideTheText() {
    Tokenizer tokenizer = Tokenizer.of(data());
    assertThat(added(tokenizer.encode("a\uD800<x><x>", new int[] {2, 5}))).hasSize(1);
    for (int[] ranges : new int[][] {{0}, {2, 1}, {-1, 1}, {0, 4}, {1, 3, 2, 3}}) {
      assertThatThrownBy(() -> tokenizer.encode("<x>", ranges))
          .isInstanceOf(QwqException.class)
          .hasMessageStartingWith("trustedRanges: expected ascending pairs from 0 to 3, found [");
    }
  }

  private static void addAll(List<Integer> list, int[] ids) {
    for (int id : ids) {
      list.add(id);
    }
  }

  private static TokenizerData data() {
    TokenizerData random = TestData.random(new Random(3), "abc", 20);
    return TestData.of(
        random.tokens(),
        random.merges(),
        List.of(new TokenizerData.AddedToken(random.tokens().size(), "<x>", true)));
  }

  private static TextEncoder encoder(TokenizerData data) {
    return new TextEncoder(data, new Bpe(data, new Vocabulary(data)), new AddedTokens(data));
  }

  private static List<Integer> added(int[] ids) {
    return java.util.Arrays.stream(ids).filter(id -> id == data().tokens().size()).boxed().toList();
  }
}
