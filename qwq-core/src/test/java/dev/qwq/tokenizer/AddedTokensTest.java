package dev.qwq.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qwq.MalformedFileException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AddedTokensTest {
  @Test
  void takesTheLeftmostAndThenTheLongest() {
    Tokenizer tokenizer = TestData.withAdded("<a", "<a>", "a><b>", "<b>");
    assertThat(added(tokenizer.encode("<a><b>"))).containsExactly(257, 259);
    assertThat(added(tokenizer.encode("<a<a>"))).containsExactly(256, 257);
    assertThat(added(tokenizer.encode("xa><b>"))).containsExactly(258);
    assertThat(added(tokenizer.encode("<a><b>", false))).isEmpty();
  }

  @Test
  void findsWhatTryingEveryPlaceFinds() {
    long seed = 20_260_304;
    Random random = new Random(seed);
    for (int round = 0; round < 3_000; round++) {
      Set<String> contents = new HashSet<>();
      for (int i = 0; i < 6; i++) {
        contents.add(text(random, 1 + random.nextInt(4)));
      }
      String[] tokens = contents.toArray(String[]::new);
      Tokenizer tokenizer = TestData.withAdded(tokens);
      String text = text(random, 30);
      assertThat(added(tokenizer.encode(text)))
          .as("seed %d, round %d: %s in %s", seed, round, contents, text)
          .isEqualTo(byTrying(tokens, text));
      assertThat(tokenizer.decode(tokenizer.encode(text))).isEqualTo(text);
    }
  }

  @Test
  void refusesTokensThatCannotBe() {
    var bytes = TestData.bytes();
    for (var wrong :
        List.of(
            List.of(token(-1, "x")),
            List.of(token(Integer.MAX_VALUE, "x")),
            List.of(token(256, "")),
            List.of(token(256, "x".repeat(5_000))),
            List.of(token(256, "one"), token(257, "one")),
            List.of(token(256, "one"), token(256, "two")),
            List.of(token(3, "not what the vocabulary has")))) {
      assertThatThrownBy(() -> Tokenizer.of(TestData.of(bytes, List.of(), wrong)))
          .as(wrong.toString().substring(0, 40))
          .isInstanceOf(MalformedFileException.class);
    }
  }

  private static TokenizerData.AddedToken token(int id, String content) {
    return new TokenizerData.AddedToken(id, content, false);
  }

  private static String text(Random random, int length) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < length; i++) {
      text.append("<>a".charAt(random.nextInt(3)));
    }
    return text.toString();
  }

  private static List<Integer> byTrying(String[] tokens, String text) {
    List<Integer> found = new ArrayList<>();
    int at = 0;
    while (at < text.length()) {
      int best = -1;
      for (int i = 0; i < tokens.length; i++) {
        if (text.startsWith(tokens[i], at)
            && (best < 0 || tokens[i].length() > tokens[best].length())) {
          best = i;
        }
      }
      if (best >= 0) {
        found.add(256 + best);
        at += tokens[best].length();
      } else {
        at++;
      }
    }
    return found;
  }

  private static List<Integer> added(int[] ids) {
    return java.util.Arrays.stream(ids).filter(id -> id >= 256).boxed().toList();
  }
}
