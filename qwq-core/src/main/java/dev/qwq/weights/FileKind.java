package dev.qwq.weights;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Locale;

/** Guesses what a file is that is not what it should be, for messages. */
final class FileKind {
  private static final int HEAD_BYTES = 64;

  private FileKind() {}

  static String describe(MemorySegment bytes) {
    if (bytes.byteSize() == 0) {
      return "an empty file";
    }
    byte[] head =
        bytes.asSlice(0, Math.min(HEAD_BYTES, bytes.byteSize())).toArray(ValueLayout.JAVA_BYTE);
    String text = new String(head, StandardCharsets.ISO_8859_1);
    String lower = text.stripLeading().toLowerCase(Locale.ROOT);
    if (text.startsWith("version https://git-lfs")) {
      return "a Git LFS pointer in the place of the file: fetch the file itself";
    }
    if (text.startsWith("PK\003\004")) {
      return "a zip archive, perhaps a PyTorch checkpoint";
    }
    if (lower.startsWith("<!doctype") || lower.startsWith("<html")) {
      return "a web page";
    }
    if (text.startsWith("GGUF")) {
      return "a GGUF file";
    }
    if (text.startsWith("lmgg") || text.startsWith("fmgg") || text.startsWith("tjgg")) {
      return "a GGML file from before GGUF";
    }
    if (head.length > 8 && head[8] == '{' && head[7] == 0 && head[6] == 0) {
      return "a safetensors file";
    }
    return "bytes " + HexFormat.ofDelimiter(" ").formatHex(head, 0, Math.min(4, head.length));
  }
}
