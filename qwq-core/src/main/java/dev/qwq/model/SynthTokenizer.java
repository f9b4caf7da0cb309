package dev.qwq.model;

import dev.qwq.tokenizer.TokenizerData;
import dev.qwq.tokenizer.TokenizerData.AddedToken;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * A made-up byte-level BPE tokenizer of any size. After the 256 bytes come all words over a small
 * alphabet, shorter ones first and of the same length by the frequency of their letters in English,
 * each merged from the word without its last letter. Ordinary text so takes about two characters a
 * token. The added tokens are those of QwQ, in the same order.
 */
final class SynthTokenizer {
  // A space begins a word, so that it stands only in front.
  private static final String LETTERS = "etaoinshrdlcumwfgypbvkjxqz";

  private static final List<String> SPECIAL =
      List.of(
          "<|endoftext|>",
          "<|im_start|>",
          "<|im_end|>",
          "<|object_ref_start|>",
          "<|object_ref_end|>",
          "<|box_start|>",
          "<|box_end|>",
          "<|quad_start|>",
          "<|quad_end|>",
          "<|vision_start|>",
          "<|vision_end|>",
          "<|vision_pad|>",
          "<|image_pad|>",
          "<|video_pad|>");

  private static final List<String> NOT_SPECIAL =
      List.of(
          "<tool_call>",
          "</tool_call>",
          "<|fim_prefix|>",
          "<|fim_middle|>",
          "<|fim_suffix|>",
          "<|fim_pad|>",
          "<|repo_name|>",
          "<|file_sep|>",
          "<tool_response>",
          "</tool_response>",
          "<think>",
          "</think>");

  private static final int QWEN_BASE_TOKENS = 151_643;
  private static final int BYTES = 256;

  private SynthTokenizer() {}

  /** Builds a tokenizer for a matrix of {@code vocabSize} rows; the last rows are padding. */
  static TokenizerData build(Path source, int vocabSize) {
    int added = SPECIAL.size() + NOT_SPECIAL.size();
    int room = vocabSize - added;
    // As in Qwen's files where that many fit; else one part in 32 is padding.
    int base = room >= QWEN_BASE_TOKENS ? QWEN_BASE_TOKENS : room - vocabSize / 32;
    List<String> tokens = bytes();
    List<String> merges = new ArrayList<>();
    String space = tokens.get(' ');
    List<String> words = new ArrayList<>();
    words.add(space);
    LETTERS.chars().forEach(c -> words.add(String.valueOf((char) c)));
    for (int next = 0; tokens.size() < base; next++) {
      String left = words.get(next);
      for (int i = 0; i < LETTERS.length() && tokens.size() < base; i++) {
        String word = left + LETTERS.charAt(i);
        merges.add(left + " " + LETTERS.charAt(i));
        tokens.add(word);
        words.add(word);
      }
    }
    int endOfText = tokens.size();
    return new TokenizerData(
        source,
        tokens,
        merges,
        addedTokens(endOfText),
        true,
        TokenizerData.PreTokenizer.QWEN2,
        OptionalInt.of(endOfText),
        OptionalInt.of(endOfText + SPECIAL.indexOf("<|im_end|>")),
        OptionalInt.of(endOfText),
        false);
  }

  private static List<AddedToken> addedTokens(int firstId) {
    List<AddedToken> added = new ArrayList<>();
    for (String token : SPECIAL) {
      added.add(new AddedToken(firstId + added.size(), token, true));
    }
    for (String token : NOT_SPECIAL) {
      added.add(new AddedToken(firstId + added.size(), token, false));
    }
    return added;
  }

  /** One token for each byte: printable Latin-1 as itself, the others from U+0100 on. */
  private static List<String> bytes() {
    List<String> tokens = new ArrayList<>();
    char next = 0x100;
    for (int b = 0; b < BYTES; b++) {
      boolean printable = b >= '!' && b <= '~' || b >= 0xA1 && b <= 0xAC || b >= 0xAE;
      tokens.add(String.valueOf(printable ? (char) b : next++));
    }
    return tokens;
  }
}
