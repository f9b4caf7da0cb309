package dev.qwq.grammar;

import dev.qwq.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;

/** Vocabularies for tests. */
final class Vocabularies {
  private static final String TINY = "qwq-examples/src/main/resources/dev/qwq/examples/tiny";

  private Vocabularies() {}

  /** The vocabulary of the tiny model that the examples bring along. */
  static Tokenizer tiny() {
    return Tokenizer.open(root().resolve(TINY));
  }

  /** The published Qwen2 vocabulary; skips the test where it is not there. */
  static Tokenizer qwen2(Path folder) throws IOException {
    Path data = root().resolve("../shared/data/tokenizer").normalize();
    org.junit.jupiter.api.Assumptions.assumeTrue(Files.exists(data), () -> "skipped: no " + data);
    Files.copy(data.resolve("vocab.json"), folder.resolve("vocab.json"));
    Files.copy(data.resolve("merges.qwen2.txt"), folder.resolve("merges.txt"));
    Files.copy(data.resolve("added_tokens.json"), folder.resolve("added_tokens.json"));
    return Tokenizer.open(folder);
  }

  private static Path root() {
    Path here = Path.of("").toAbsolutePath();
    return here.endsWith("qwq-core") ? here.resolve("..").normalize() : here;
  }

  /**
   * All single bytes, and random pieces of texts that JSON is made of, some cut inside characters.
   */
  static byte[][] random(long seed, int pieces) {
    Random random = new Random(seed);
    String material =
        "{\"name\": \"Ada\", \"tags\": [\"a\\\"b\", \"é漢字😀\"], \"n\": -12.5e3, \"ok\": true,"
            + " \"x\": null}\n"
            + "  \"answer\":\"C\"}]}]\",\"\\n"
            + "\\u00e9 the quick brown fox [[1,2],[3]]";
    byte[] bytes = material.repeat(2).getBytes(StandardCharsets.UTF_8);
    TreeSet<byte[]> tokens = new TreeSet<>(java.util.Arrays::compareUnsigned);
    while (tokens.size() < pieces) {
      int from = random.nextInt(bytes.length - 12);
      tokens.add(java.util.Arrays.copyOfRange(bytes, from, from + 2 + random.nextInt(8)));
    }
    List<byte[]> all = new ArrayList<>();
    for (int b = 0; b < 256; b++) {
      all.add(new byte[] {(byte) b});
    }
    all.addAll(tokens);
    all.add(all.get(300)); // two ids of the same bytes
    return all.toArray(byte[][]::new);
  }

  /** A tree of these tokens, none added. */
  static TokenTrie trie(byte[][] tokens) {
    return new TokenTrie(tokens, new byte[tokens.length][0], tokens.length + 40);
  }
}
