package dev.qwq.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qwq.MalformedFileException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BpeTest {
  @Test
  void mergesAsTheDefinitionSays() {
    long seed = 20_260_301;
    Random random = new Random(seed);
    for (int round = 0; round < 300; round++) {
      TokenizerData data = TestData.random(random, "abc", 1 + random.nextInt(60));
      Tokenizer tokenizer = Tokenizer.of(data);
      StringBuilder word = new StringBuilder();
      int length = 1 + random.nextInt(round % 3 == 0 ? 400 : 40); // both sides of the heap's limit
      for (int i = 0; i < length; i++) {
        word.append("abc".charAt(random.nextInt(3)));
      }
      List<Integer> expected = byDefinition(data, word.toString());
      for (int again = 0; again < 2; again++) { // the second time from the cache
        assertThat(tokenizer.encode(word.toString()))
            .as("seed %d, round %d, %s", seed, round, word)
            .containsExactly(expected.stream().mapToInt(i -> i).toArray());
      }
    }
  }

  @Test
  void equalRanksMergeFromTheLeft() {
    List<String> tokens = new ArrayList<>(TestData.bytes());
    tokens.add("aa");
    Tokenizer tokenizer = Tokenizer.of(TestData.of(tokens, List.of("a a"), List.of()));
    assertThat(tokenizer.encode("aaa")).containsExactly(256, 'a');
  }

  @Test
  void refusesVocabulariesWithGaps() {
    List<String> tokens = new ArrayList<>(TestData.bytes());
    tokens.set(7, "xyz");
    assertThatThrownBy(() -> Tokenizer.of(TestData.of(tokens, List.of(), List.of())))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("0x07");
    for (String merge : List.of("a zz", "zz a", "a b", "ab", "", " ", "a  b")) {
      assertThatThrownBy(
              () -> Tokenizer.of(TestData.of(TestData.bytes(), List.of(merge), List.of())))
          .as(merge)
          .isInstanceOf(MalformedFileException.class)
          .hasMessageContaining("merge 0");
    }
  }

  /** The definition, one merge at a time over plain strings. */
  private static List<Integer> byDefinition(TokenizerData data, String word) {
    Map<String, Integer> ranks = new HashMap<>();
    for (int i = 0; i < data.merges().size(); i++) {
      ranks.put(data.merges().get(i), i);
    }
    List<String> parts = new ArrayList<>();
    word.chars().forEach(c -> parts.add(String.valueOf((char) c)));
    while (true) {
      int best = Integer.MAX_VALUE;
      int at = -1;
      for (int i = 0; i + 1 < parts.size(); i++) {
        Integer rank = ranks.get(parts.get(i) + " " + parts.get(i + 1));
        if (rank != null && rank < best) {
          best = rank;
          at = i;
        }
      }
      if (at < 0) {
        return parts.stream().map(data.tokens()::indexOf).toList();
      }
      parts.set(at, parts.get(at) + parts.remove(at + 1));
    }
  }
}
