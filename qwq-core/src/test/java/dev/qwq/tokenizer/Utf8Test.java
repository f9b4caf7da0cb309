package dev.qwq.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qwq.QwqException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Bytes in and out: nothing lost, nothing cut in two, U+FFFD where Python puts it. */
class Utf8Test {
  private static final Tokenizer BYTES = TestData.withAdded("<|x|>");

  // Expected: Python 3.11, bytes.fromhex(...).decode("utf-8", errors="replace"), ? for U+FFFD.
  @ParameterizedTest
  @CsvSource({
    "61 F1 80 80 E1 80 C2 62 80 63 80 BF 64, a???b?c??d", // the Unicode standard's table 3-8
    "C0 AF E0 80 BF F0 81 82 41, ????????A",
    "ED A0 80 ED BF BF ED AF 41, ????????A",
    "F4 91 92 93 FF 41 80 BF 42, ?????A??B",
    "E1 80 E2 F0 91 92 F1 BF 41, ????A",
    "E4 B8, ?",
    "F0 9F 98, ?",
    "E4 41, ?A",
    "F5 80, ??",
    "41 EF BF BD 42, A?B"
  })
  void replacesMaximalSubparts(String hex, String expected) {
    byte[] bytes = HexFormat.ofDelimiter(" ").parseHex(hex);
    int[] ids = BYTES.encode(bytes, true);
    assertThat(BYTES.decode(ids)).isEqualTo(expected.replace('?', '\uFFFD'));
    assertThat(BYTES.decodeBytes(ids)).isEqualTo(bytes);
  }

  @Test
  void givesBackAllBytesAndStreamsWhatItDecodes() {
    long seed = 20_260_303;
    Random random = new Random(seed);
    // Bytes that often, but not always, make up characters.
    int[] likely = {'a', ' ', '\n', '<', '|', 0xC3, 0xE4, 0xED, 0xF0, 0x9F, 0x98, 0x80, 0xBF, 0xA9};
    for (int round = 0; round < 20_000; round++) {
      byte[] bytes = new byte[random.nextInt(24)];
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] = (byte) (random.nextInt(8) == 0 ? random.nextInt() : likely[random.nextInt(14)]);
      }
      int[] ids = BYTES.encode(bytes, round % 2 == 0);
      assertThat(BYTES.decodeBytes(ids)).as("seed %d, round %d", seed, round).isEqualTo(bytes);
      StringBuilder streamed = new StringBuilder();
      IncrementalDetokenizer detokenizer = BYTES.newDetokenizer();
      for (int id : ids) {
        String piece = detokenizer.accept(id);
        assertThat(piece.isEmpty() || !Character.isHighSurrogate(piece.charAt(piece.length() - 1)))
            .isTrue();
        streamed.append(piece);
      }
      streamed.append(detokenizer.finish());
      assertThat(detokenizer.finish()).isEmpty();
      assertThat(streamed).asString().isEqualTo(BYTES.decode(ids));
    }
  }

  @Test
  void holdsBackUnfinishedCharacters() {
    IncrementalDetokenizer detokenizer = BYTES.newDetokenizer();
    int[] ids = BYTES.encode("\uD83D\uDE00!");
    assertThat(ids).hasSize(5);
    assertThat(detokenizer.accept(ids[0])).isEmpty();
    assertThat(detokenizer.accept(ids[1])).isEmpty();
    assertThat(detokenizer.accept(ids[2])).isEmpty();
    assertThat(detokenizer.accept(ids[3])).isEqualTo("\uD83D\uDE00");
    assertThat(detokenizer.accept(ids[0])).isEmpty();
    assertThat(detokenizer.accept(256)).isEqualTo("\uFFFD<|x|>");
    assertThat(detokenizer.accept(ids[0])).isEmpty();
    assertThat(detokenizer.finish()).isEqualTo("\uFFFD");
  }

  @Test
  void loneSurrogatesAreReplacementCharacters() {
    String replacement = "\uFFFD";
    assertThat(BYTES.encode("a\uDC80b")).isEqualTo(BYTES.encode("a" + replacement + "b"));
    assertThat(BYTES.encode("a\uD83D")).isEqualTo(BYTES.encode("a" + replacement));
    assertThat(BYTES.encode("\uDE00\uD83D\uDE00"))
        .isEqualTo(BYTES.encode(replacement + "\uD83D\uDE00"));
  }

  @Test
  void piecesShowPartsOfCharacters() {
    int[] ids = BYTES.encode("\u00E9");
    assertThat(BYTES.piece(ids[0])).isEqualTo("<0xC3>");
    assertThat(BYTES.bytes(ids[0])).containsExactly(0xC3);
    assertThat(BYTES.piece(256)).isEqualTo("<|x|>");
  }

  @Test
  void refusesIdsThatAreNone() {
    for (int id : new int[] {-1, BYTES.size(), Integer.MAX_VALUE}) {
      assertThatThrownBy(() -> BYTES.decode(id)).isInstanceOf(QwqException.class);
      assertThatThrownBy(() -> BYTES.bytes(id)).isInstanceOf(QwqException.class);
      assertThatThrownBy(() -> BYTES.newDetokenizer().accept(id)).isInstanceOf(QwqException.class);
    }
  }

  @Test
  void byteOrderMarkAndLineEndsStay() {
    byte[] bytes = "\uFEFFa\r\nb".getBytes(StandardCharsets.UTF_8);
    assertThat(BYTES.decodeBytes(BYTES.encode(bytes, true))).isEqualTo(bytes);
  }
}
