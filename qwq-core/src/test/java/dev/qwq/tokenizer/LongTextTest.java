package dev.qwq.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.text.Normalizer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Texts that somebody may send to keep a server busy: a megabyte of one thing. */
class LongTextTest {
  private static final int LENGTH = 1_000_000;

  /** Of letters, blanks and digits in runs of powers of two; normalises. */
  private static final Tokenizer TOKENIZER = tokenizer();

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a",
        "ab",
        " ",
        "\n",
        " \n",
        "\t ",
        "\u00A0",
        "1",
        "!",
        "! ",
        "'",
        "'s",
        "<|",
        "<|im_start|",
        "<|im_start|>",
        "\u4E2D",
        "\uD83D\uDE00",
        "\uD83D\uDC69\u200D\uD83D\uDCBB",
        "\uD800",
        "\u1100\u1161",
        "\uAC00\u11A8",
        "\uFB1D",
        "\u0301",
        "\u0301\u0323",
        "\u0323\u0301",
        "a\u0323\u0301",
        "\u0344",
        "\u0F73",
        "\uD834\uDD5E",
      })
  void takeTimeInProportionToTheirLength(String unit) {
    String text = unit.repeat(LENGTH / unit.length());
    // Some tenths of a second; the square of the length would be minutes.
    int[] ids =
        assertTimeoutPreemptively(Duration.ofSeconds(30), () -> TOKENIZER.encode(text, false));
    String expected =
        Normalizer.normalize(
            CanonicalOrder.sortLongRuns(text.replace("\uD800", "\uFFFD")), Normalizer.Form.NFC);
    assertThat(TOKENIZER.decode(ids).equals(expected)).as("decodes to itself").isTrue();
  }

  @Test
  void manyDifferentMarksTakeNoLonger() {
    String marks =
        IntStream.rangeClosed(0x300, 0xFFFF)
            .filter(c -> Character.getType(c) == Character.NON_SPACING_MARK)
            .mapToObj(Character::toString)
            .collect(Collectors.joining());
    StringBuilder text = new StringBuilder();
    while (text.length() < LENGTH) {
      int from = text.length() % (marks.length() - 100);
      text.append(marks, from, from + 100).append('x');
    }
    assertTimeoutPreemptively(
        Duration.ofSeconds(30), () -> TOKENIZER.encode(text.toString(), false));
  }

  @Test
  void runsOfMarksAreSeenWhereverTheyLie() {
    long seed = 20_261_126;
    Random random = new Random(seed);
    for (int round = 0; round < 2000; round++) {
      int length = random.nextInt(90);
      String text =
          "x".repeat(random.nextInt(200))
              + "\u0301".repeat(length)
              + "x".repeat(random.nextInt(200));
      int from = random.nextInt(text.length() + 1);
      boolean sorted = CanonicalOrder.mayHaveLongRuns(text, from, text.length());
      long inside = text.chars().skip(from).filter(c -> c == 0x301).count();
      assertThat(sorted)
          .as("seed %d, round %d: %d marks", seed, round, inside)
          .isEqualTo(inside > 64);
    }
  }

  private static Tokenizer tokenizer() {
    List<String> tokens = new ArrayList<>(TestData.bytes());
    List<String> merges = new ArrayList<>();
    for (char c : new char[] {'a', 'b', '!', '\'', '\n', '\t', ' '}) {
      String run = String.valueOf(ByteAlphabet.spell(c));
      for (int i = 0; i < 5; i++) {
        merges.add(run + " " + run);
        run += run;
        tokens.add(run);
      }
    }
    return Tokenizer.of(
        new TokenizerData(
            java.nio.file.Path.of("made-up"),
            tokens,
            merges,
            List.of(
                new TokenizerData.AddedToken(tokens.size(), "<|im_start|>", true),
                new TokenizerData.AddedToken(tokens.size() + 1, "<|im_end|>", true)),
            true,
            TokenizerData.PreTokenizer.QWEN2,
            OptionalInt.empty(),
            OptionalInt.empty(),
            OptionalInt.empty(),
            false));
  }
}
