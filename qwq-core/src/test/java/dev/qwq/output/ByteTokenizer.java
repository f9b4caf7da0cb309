package dev.qwq.output;

import dev.qwq.tokenizer.Tokenizer;
import dev.qwq.tokenizer.TokenizerData;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/** A tokenizer whose tokens are the 256 bytes: every marker is cut over many tokens. */
public final class ByteTokenizer {
  private ByteTokenizer() {}

  /** Builds it. */
  public static Tokenizer create() {
    List<String> tokens = new ArrayList<>();
    int unprintable = 0;
    for (int b = 0; b < 256; b++) {
      // The alphabet of byte-level vocabularies: printable bytes stand for themselves.
      boolean printable = b > 32 && b < 127 || b > 160 && b != 173;
      tokens.add(String.valueOf((char) (printable ? b : 256 + unprintable++)));
    }
    return Tokenizer.of(
        new TokenizerData(
            Path.of("made-up"),
            tokens,
            List.of(),
            List.of(),
            false,
            TokenizerData.PreTokenizer.QWEN2,
            OptionalInt.empty(),
            OptionalInt.empty(),
            OptionalInt.empty(),
            false));
  }
}
