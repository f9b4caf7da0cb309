package dev.qwq.tokenizer;

import dev.qwq.MalformedFileException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** The bytes of every id, in one array. */
final class Vocabulary {
  // Far above any vocabulary (the largest known has 256 k), far below what an int array takes.
  static final int MAX_ID = (1 << 22) - 1;

  private final Path source;
  private final byte[] bytes;
  private final int[] offsets; // size + 1; id's bytes are [offsets[id], offsets[id + 1])

  Vocabulary(TokenizerData data) {
    source = data.source();
    int size = data.tokens().size();
    for (TokenizerData.AddedToken token : data.addedTokens()) {
      if (token.id() < 0 || token.id() > MAX_ID) {
        throw new MalformedFileException(
            source,
            "added token \"" + token.content() + "\"",
            "an id from 0 to " + MAX_ID,
            String.valueOf(token.id()));
      }
      size = Math.max(size, token.id() + 1);
    }
    byte[][] perId = new byte[size][];
    for (int id = 0; id < data.tokens().size(); id++) {
      perId[id] = ByteAlphabet.bytes(data.tokens().get(id));
    }
    for (TokenizerData.AddedToken token : data.addedTokens()) {
      if (token.id() < data.tokens().size()) {
        String base = data.tokens().get(token.id());
        if (!base.isEmpty() && !base.equals(token.content())) {
          throw new MalformedFileException(
              source,
              "added token " + token.id(),
              "\"" + base + "\" as in the vocabulary",
              "\"" + token.content() + "\"");
        }
      }
      perId[token.id()] = token.content().getBytes(StandardCharsets.UTF_8);
    }
    offsets = new int[size + 1];
    for (int id = 0; id < size; id++) {
      offsets[id + 1] = Math.addExact(offsets[id], perId[id] == null ? 0 : perId[id].length);
    }
    bytes = new byte[offsets[size]];
    for (int id = 0; id < size; id++) {
      if (perId[id] != null) {
        System.arraycopy(perId[id], 0, bytes, offsets[id], perId[id].length);
      }
    }
  }

  int size() {
    return offsets.length - 1;
  }

  int length(int id) {
    return offsets[id + 1] - offsets[id];
  }

  int copyBytes(int id, byte[] target, int at) {
    int length = length(id);
    System.arraycopy(bytes, offsets[id], target, at, length);
    return length;
  }

  void decodeInto(int id, Utf8Decoder decoder, StringBuilder text) {
    for (int i = offsets[id]; i < offsets[id + 1]; i++) {
      decoder.accept(bytes[i], text);
    }
  }

  void checkId(int id, String field) {
    if (id < 0 || id >= size()) {
      throw new MalformedFileException(
          source, field, "an id from 0 to " + (size() - 1), String.valueOf(id));
    }
  }
}
