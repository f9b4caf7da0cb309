package dev.qwq.tokenizer;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.OptionalInt;

/**
 * A model's tokenizer: byte-level BPE with the ids of the Hugging Face tokenizer of the same model.
 *
 * <p>Text is encoded in four steps: added tokens such as {@code <|im_end|>} are cut out, leftmost
 * and longest first; what lies between is brought into Unicode normalisation form C if the model
 * says so, cut into words, and each word's bytes are merged by rank. Every text can be encoded, and
 * nothing is prepended or appended: see {@link #addBos()}.
 *
 * <p>Instances are immutable and safe for use by many threads. Encoding takes time proportional to
 * the length of the text (times its logarithm for a single word of extreme length).
 */
public final class Tokenizer {
  private static final int[] NO_RANGES = {};

  private final Vocabulary vocabulary;
  private final AddedTokens addedTokens;
  private final TextEncoder encoder;
  private final OptionalInt bosId;
  private final OptionalInt eosId;
  private final OptionalInt padId;
  private final boolean addBos;

  private Tokenizer(TokenizerData data) {
    vocabulary = new Vocabulary(data);
    addedTokens = new AddedTokens(data);
    encoder = new TextEncoder(data, new Bpe(data, vocabulary), addedTokens);
    bosId = check(data.bosId(), "bos id");
    eosId = check(data.eosId(), "eos id");
    padId = check(data.padId(), "pad id");
    addBos = data.addBos();
  }

  /**
   * Opens the tokenizer of a model. Weights are not loaded.
   *
   * @param model a GGUF file, a Hugging Face folder (or a {@code .safetensors} file in it), or a
   *     {@code tokenizer.json}
   * @return the tokenizer
   * @throws dev.qwq.MalformedFileException if a file is damaged
   * @throws dev.qwq.UnsupportedModelException if the tokenizer is of a kind qwq does not know
   * @throws QwqException with {@code NO_TOKENIZER} if the model has none, {@code FILE_UNREADABLE}
   *     if a file cannot be read
   */
  public static Tokenizer open(Path model) {
    return of(TokenizerFiles.read(model));
  }

  /**
   * Builds a tokenizer from its parts.
   *
   * @param data the parts
   * @return the tokenizer
   * @throws dev.qwq.MalformedFileException if the parts contradict each other: a byte without a
   *     token, a merge of unknown tokens, two tokens with one id
   */
  public static Tokenizer of(TokenizerData data) {
    return new Tokenizer(Objects.requireNonNull(data, "data"));
  }

  /**
   * Encodes a text; added tokens are recognised wherever they are written.
   *
   * <p>Do not pass text from users together with a template's own: a user could write {@code
   * <|im_end|>}.
   *
   * @param text the text; a surrogate without its mate is read as U+FFFD
   * @return its ids
   */
  public int[] encode(String text) {
    return encode(text, true);
  }

  /**
   * Encodes a text.
   *
   * @param text the text; a surrogate without its mate is read as U+FFFD
   * @param recognizeAdded whether {@code <|im_end|>} and its like are the tokens of that name,
   *     rather than ordinary text
   * @return its ids
   */
  public int[] encode(String text, boolean recognizeAdded) {
    String sound = TextEncoder.replaceLoneSurrogates(text);
    return encoder.encode(sound, recognizeAdded ? new int[] {0, sound.length()} : NO_RANGES);
  }

  /**
   * Encodes a text that only partly comes from a trusted source, such as a rendered chat template.
   *
   * @param text the text; a surrogate without its mate is read as U+FFFD
   * @param trustedRanges pairs of begin and end in UTF-16 units, ascending: {@code <|im_end|>} and
   *     its like are the tokens of that name only where they lie wholly inside one range. Words are
   *     cut and merged across the ranges' ends
   * @return its ids
   * @throws QwqException with {@code INVALID_ARGUMENT} if the ranges are not ascending pairs inside
   *     the text
   */
  public int[] encode(String text, int[] trustedRanges) {
    boolean ascending = trustedRanges.length % 2 == 0;
    int least = 0;
    for (int bound : trustedRanges) {
      ascending &= bound >= least;
      least = bound;
    }
    if (!ascending || least > text.length()) {
      throw new QwqException(
          ErrorCode.INVALID_ARGUMENT,
          "trustedRanges: expected ascending pairs from 0 to "
              + text.length()
              + ", found "
              + Arrays.toString(trustedRanges));
    }
    // Replacing surrogates changes no length, so the ranges still hold.
    return encoder.encode(TextEncoder.replaceLoneSurrogates(text), trustedRanges);
  }

  /**
   * Encodes bytes as they are: no byte order mark is dropped, no line end changed. For valid UTF-8
   * the ids are those of the text. A byte that is no part of valid UTF-8 counts as a symbol where
   * words are cut, and is encoded as that byte, so that {@link #decodeBytes} gives it back.
   *
   * @param utf8 the bytes
   * @param recognizeAdded whether {@code <|im_end|>} and its like are the tokens of that name,
   *     rather than ordinary text
   * @return their ids
   */
  public int[] encode(byte[] utf8, boolean recognizeAdded) {
    String text = TextEncoder.escapeInvalidBytes(utf8);
    return encoder.encode(text, recognizeAdded ? new int[] {0, text.length()} : NO_RANGES);
  }

  /**
   * Decodes ids to text. Added tokens give their own text, special ones too.
   *
   * @param ids the ids
   * @return the text; bytes that are no UTF-8 become U+FFFD, one for each maximal part
   * @throws QwqException with {@code INVALID_ARGUMENT} if there is no such id
   */
  public String decode(int... ids) {
    Utf8Decoder decoder = new Utf8Decoder();
    StringBuilder text = new StringBuilder(4 * ids.length);
    for (int id : ids) {
      decodeInto(id, decoder, text);
    }
    decoder.finish(text);
    return text.toString();
  }

  /**
   * Decodes ids to the bytes they stand for.
   *
   * @param ids the ids
   * @return the bytes, not always valid UTF-8
   * @throws QwqException with {@code INVALID_ARGUMENT} if there is no such id
   */
  public byte[] decodeBytes(int... ids) {
    int length = 0;
    for (int id : ids) {
      length = Math.addExact(length, vocabulary.length(checked(id)));
    }
    byte[] bytes = new byte[length];
    int at = 0;
    for (int id : ids) {
      at += vocabulary.copyBytes(id, bytes, at);
    }
    return bytes;
  }

  /**
   * Returns the bytes one token stands for.
   *
   * @param id its id
   * @return a copy of its bytes; empty if the vocabulary leaves this id out
   * @throws QwqException with {@code INVALID_ARGUMENT} if there is no such id
   */
  public byte[] bytes(int id) {
    return decodeBytes(id);
  }

  /**
   * Returns one token for display: its text, with bytes that are only part of a character as {@code
   * <0xE4>}.
   *
   * @param id its id
   * @return the display form
   * @throws QwqException with {@code INVALID_ARGUMENT} if there is no such id
   */
  public String piece(int id) {
    String text = TextEncoder.escapeInvalidBytes(bytes(id));
    StringBuilder piece = new StringBuilder(text.length());
    text.codePoints()
        .forEach(
            c -> {
              if (TextEncoder.isEscapedByte(c)) {
                piece.append(String.format("<0x%02X>", TextEncoder.unescapeByte(c)));
              } else {
                piece.appendCodePoint(c);
              }
            });
    return piece.toString();
  }

  /**
   * Returns the number of ids: base vocabulary and added tokens. A model may have more embedding
   * rows than that; ids from here on are padding and mean nothing.
   *
   * @return one more than the largest id
   */
  public int size() {
    return vocabulary.size();
  }

  /**
   * Looks an added token up.
   *
   * @param addedToken its text, such as {@code "<|im_end|>"}
   * @return its id, or empty if the model has no such added token
   */
  public OptionalInt id(String addedToken) {
    return addedTokens.id(addedToken);
  }

  /**
   * Tells whether a token is cut out of the text before merging.
   *
   * @param id any number
   * @return whether it is the id of an added token
   */
  public boolean isAdded(int id) {
    return addedTokens.isAdded(id);
  }

  /**
   * Tells whether a token controls the conversation ({@code <|im_start|>}) and is no text to show.
   * {@code <think>} and {@code <tool_call>} are added, but not special.
   *
   * @param id any number
   * @return whether it is the id of a special token
   */
  public boolean isSpecial(int id) {
    return addedTokens.isSpecial(id);
  }

  /**
   * Returns the token that ends a turn. A model may name more than one end in its generation
   * config; this is the tokenizer's.
   *
   * @return its id, or empty if the tokenizer names none
   */
  public OptionalInt eosId() {
    return eosId;
  }

  /**
   * Returns the token that begins a text.
   *
   * @return its id, or empty if the tokenizer names none
   */
  public OptionalInt bosId() {
    return bosId;
  }

  /**
   * Returns the token that fills up batches.
   *
   * @return its id, or empty if the tokenizer names none
   */
  public OptionalInt padId() {
    return padId;
  }

  /**
   * Tells whether the model expects {@link #bosId()} before a raw prompt. No {@code encode} adds
   * it; a chat template writes its own.
   *
   * @return whether a raw prompt begins with it
   */
  public boolean addBos() {
    return addBos;
  }

  /**
   * Begins to decode a text that arrives token by token.
   *
   * @return a new detokenizer
   */
  public IncrementalDetokenizer newDetokenizer() {
    return new IncrementalDetokenizer(this);
  }

  void decodeInto(int id, Utf8Decoder decoder, StringBuilder text) {
    vocabulary.decodeInto(checked(id), decoder, text);
  }

  private int checked(int id) {
    if (id < 0 || id >= vocabulary.size()) {
      throw new QwqException(
          ErrorCode.INVALID_ARGUMENT,
          "token id: expected 0 to " + (vocabulary.size() - 1) + ", found " + id);
    }
    return id;
  }

  private OptionalInt check(OptionalInt id, String field) {
    if (id.isPresent()) {
      vocabulary.checkId(id.getAsInt(), field);
    }
    return id;
  }
}
