package dev.qwq.model;

import dev.qwq.UnsupportedModelException;
import dev.qwq.tokenizer.TokenizerData;
import dev.qwq.weights.GgufWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/** Writes a tokenizer into the metadata of a GGUF file. */
final class GgufTokenizerWriter {
  private static final String PREFIX = "tokenizer.ggml.";
  private static final int NORMAL = 1;
  private static final int CONTROL = 3;
  private static final int USER_DEFINED = 4;
  private static final int UNUSED = 5;

  private GgufTokenizerWriter() {}

  /** Says that the model has no tokenizer. */
  static void writeNone(GgufWriter writer) {
    writer.putString(PREFIX + "model", "no_vocab");
  }

  /**
   * Writes a tokenizer; ids up to {@code vocabSize} that it does not know become padding.
   *
   * @throws UnsupportedModelException if the tokenizer is one that the format cannot express
   */
  static void write(GgufWriter writer, TokenizerData data, int vocabSize) {
    if (!data.nfc()) {
      // The format has no such key, and readers normalise.
      throw new UnsupportedModelException(data.source(), "normalizer", "NFC", "none");
    }
    List<String> tokens = new ArrayList<>(vocabSize);
    int[] types = new int[vocabSize];
    for (int id = 0; id < vocabSize; id++) {
      String token = id < data.tokens().size() ? data.tokens().get(id) : "";
      tokens.add(token.isEmpty() ? "[PAD" + id + "]" : token);
      types[id] = token.isEmpty() ? UNUSED : NORMAL;
    }
    for (TokenizerData.AddedToken added : data.addedTokens()) {
      tokens.set(added.id(), added.content());
      types[added.id()] = added.special() ? CONTROL : USER_DEFINED;
    }
    writer.putString(PREFIX + "model", "gpt2");
    writer.putString(PREFIX + "pre", "qwen2");
    writer.putStrings(PREFIX + "tokens", tokens);
    writer.putInt32s(PREFIX + "token_type", types);
    writer.putStrings(PREFIX + "merges", data.merges());
    putId(writer, "bos_token_id", data.bosId());
    putId(writer, "eos_token_id", data.eosId());
    putId(writer, "padding_token_id", data.padId());
    writer.putBool(PREFIX + "add_bos_token", data.addBos());
  }

  private static void putId(GgufWriter writer, String key, OptionalInt id) {
    id.ifPresent(value -> writer.putUint32(PREFIX + key, value));
  }
}
