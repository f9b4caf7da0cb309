package dev.qwq;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qwq.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Generated tokens stay as they are when their text comes back. */
class TokenSpliceTest {
  private final Tokenizer tokenizer = Tokenizer.open(TinyModel.path());

  private int id(String added) {
    return tokenizer.id(added).orElseThrow();
  }

  private static int[] ids(List<Integer> ids) {
    return ids.stream().mapToInt(Integer::intValue).toArray();
  }

  /** A text in tokens of one byte each where a random choice says so. */
  private int[] scattered(String text, Random random) {
    List<Integer> ids = new ArrayList<>();
    for (int token : tokenizer.encode(text)) {
      if (tokenizer.isAdded(token) || random.nextBoolean()) {
        ids.add(token);
      } else {
        for (char c : tokenizer.decode(token).toCharArray()) {
          for (int part : tokenizer.encode(String.valueOf(c), false)) {
            ids.add(part);
          }
        }
      }
    }
    return ids(ids);
  }

  @Test
  void keepsTokensThatSayTheSame() {
    String turn = "<|im_start|>user\nWhat is 12 + 30?<|im_end|>\n<|im_start|>assistant\n";
    String said = "I add the tens and the ones: it is 42.";
    String next = "<|im_end|>\n<|im_start|>user\nAnd the next question?<|im_end|>\n";
    for (int seed = 0; seed < 200; seed++) {
      int[] known = scattered(turn + said + "<|im_end|>", new Random(seed));
      int[] encoded = tokenizer.encode(turn + said + next);
      int[] spliced = TokenSplice.splice(tokenizer, known, encoded);
      assertThat(spliced).as("seed %d", seed).startsWith(known);
      assertThat(tokenizer.decode(spliced)).isEqualTo(turn + said + next);
      assertThat(spliced).endsWith(tokenizer.encode(next));
    }
  }

  @Test
  void stopsWhereTheTextsPart() {
    String common = "<|im_start|>user\nthe numbers 123456 and ";
    for (int seed = 0; seed < 200; seed++) {
      int[] known = scattered(common + "seven<|im_end|>", new Random(seed));
      int[] encoded = tokenizer.encode(common + "eight<|im_end|>");
      int[] spliced = TokenSplice.splice(tokenizer, known, encoded);
      assertThat(tokenizer.decode(spliced))
          .as("seed %d", seed)
          .isEqualTo(common + "eight<|im_end|>");
    }
  }

  @Test
  void ordinaryTextThatLooksLikeAnAddedTokenIsNone() {
    int[] plain = tokenizer.encode("a<|im_end|>b", false);
    int[] marker = tokenizer.encode("a<|im_end|>b");
    assertThat(marker).contains(id("<|im_end|>"));
    assertThat(plain).doesNotContain(id("<|im_end|>"));
    assertThat(TokenSplice.splice(tokenizer, plain, marker)).isEqualTo(marker);
    assertThat(TokenSplice.splice(tokenizer, marker, plain)).isEqualTo(plain);
  }

  @Test
  void changesNothingWithoutNeed() {
    int[] encoded = tokenizer.encode("some text");
    assertThat(TokenSplice.splice(tokenizer, new int[0], encoded)).isSameAs(encoded);
    assertThat(TokenSplice.splice(tokenizer, encoded, encoded)).isSameAs(encoded);
    assertThat(TokenSplice.splice(tokenizer, encoded, new int[0])).isEmpty();
    int[] padding = {encoded[0], Integer.MAX_VALUE};
    assertThat(TokenSplice.splice(tokenizer, padding, encoded)).isSameAs(encoded);
  }
}
