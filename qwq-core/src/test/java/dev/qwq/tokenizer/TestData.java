package dev.qwq.tokenizer;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;

/** Small tokenizers made up for tests. */
final class TestData {
  static final Path SOURCE = Path.of("made-up");

  private TestData() {}

  static List<String> bytes() {
    List<String> tokens = new ArrayList<>();
    for (int b = 0; b < 256; b++) {
      tokens.add(String.valueOf(ByteAlphabet.spell(b)));
    }
    return tokens;
  }

  /** A vocabulary whose merges are drawn at random from pairs of a few letters. */
  static TokenizerData random(Random random, String letters, int merges) {
    List<String> tokens = bytes();
    List<String> pool = new ArrayList<>();
    letters.chars().forEach(c -> pool.add(String.valueOf(ByteAlphabet.spell(c))));
    Set<String> known = new HashSet<>(tokens);
    List<String> rules = new ArrayList<>();
    Set<String> ruleSet = new HashSet<>();
    while (rules.size() < merges) {
      String left = pool.get(random.nextInt(pool.size()));
      String right = pool.get(random.nextInt(pool.size()));
      if (!ruleSet.add(left + " " + right)) {
        continue;
      }
      rules.add(left + " " + right);
      if (known.add(left + right)) {
        tokens.add(left + right);
        pool.add(left + right);
      }
    }
    // Ranks need not follow the order in which tokens came to be.
    java.util.Collections.shuffle(rules, random);
    return of(tokens, rules, List.of());
  }

  static TokenizerData of(
      List<String> tokens, List<String> merges, List<TokenizerData.AddedToken> added) {
    return new TokenizerData(
        SOURCE,
        tokens,
        merges,
        added,
        false,
        TokenizerData.PreTokenizer.QWEN2,
        OptionalInt.empty(),
        OptionalInt.empty(),
        OptionalInt.empty(),
        false);
  }

  /** Bytes only, with added tokens {@code 256, 257, …}. */
  static Tokenizer withAdded(String... contents) {
    List<TokenizerData.AddedToken> added = new ArrayList<>();
    for (String content : contents) {
      added.add(new TokenizerData.AddedToken(256 + added.size(), content, true));
    }
    return Tokenizer.of(of(bytes(), List.of(), added));
  }
}
