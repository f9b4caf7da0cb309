package dev.qwq.tokenizer;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a tokenizer is made of, as read from a model's files and not yet indexed.
 *
 * <p>Instances are immutable. The components are checked for consistency by {@link Tokenizer#of}.
 *
 * @param source the file the data comes from, for messages
 * @param tokens the base vocabulary by id, each token spelled in the byte-level alphabet (a space
 *     is {@code Ġ}); {@code ""} where an id has no base token
 * @param merges the merge rules {@code "left right"}, most important first
 * @param addedTokens tokens that are cut out of the text before anything else, in any order
 * @param nfc whether text is brought into Unicode normalisation form C first
 * @param preTokenizer how text is cut into words
 * @param bosId the id that begins a text, if the model names one
 * @param eosId the id that ends a turn, if the model names one
 * @param padId the id that fills up batches, if the model names one
 * @param addBos whether the model expects {@code bosId} at the start of a prompt
 */
public record TokenizerData(
    Path source,
    List<String> tokens,
    List<String> merges,
    List<AddedToken> addedTokens,
    boolean nfc,
    PreTokenizer preTokenizer,
    OptionalInt bosId,
    OptionalInt eosId,
    OptionalInt padId,
    boolean addBos) {

  /** The known ways to cut text into words before merging. */
  public enum PreTokenizer {
    /** Qwen2, Qwen2.5, QwQ, Qwen3 and the R1 distillations of Qwen: single digits. */
    QWEN2
  }

  /**
   * A token that is found in the text as it is written, before any word is cut or merged.
   *
   * @param id its id
   * @param content its text, not empty
   * @param special whether it controls the conversation ({@code <|im_end|>}) and is no text to show
   */
  public record AddedToken(int id, String content, boolean special) {
    /** Checks that the content is there. */
    public AddedToken {
      Objects.requireNonNull(content, "content");
    }
  }

  /** Copies the lists. */
  public TokenizerData {
    Objects.requireNonNull(source, "source");
    tokens = List.copyOf(tokens);
    merges = List.copyOf(merges);
    addedTokens = List.copyOf(addedTokens);
    Objects.requireNonNull(preTokenizer, "preTokenizer");
    Objects.requireNonNull(bosId, "bosId");
    Objects.requireNonNull(eosId, "eosId");
    Objects.requireNonNull(padId, "padId");
  }

  /**
   * Reads the tokenizer of a Hugging Face folder: {@code tokenizer.json}, or else {@code
   * vocab.json} with {@code merges.txt}, either with {@code tokenizer_config.json} where there is
   * one.
   *
   * @param folder the folder
   * @return the tokenizer's data, or empty if the folder has no tokenizer
   * @throws dev.qwq.MalformedFileException if a file is damaged
   * @throws dev.qwq.UnsupportedModelException if the tokenizer is of another kind
   * @throws dev.qwq.QwqException with {@code FILE_UNREADABLE} if a file cannot be read
   */
  public static Optional<TokenizerData> readFolder(Path folder) {
    return TokenizerFiles.readFolder(folder);
  }

  /**
   * Takes the tokenizer out of the metadata of a GGUF file, the {@code tokenizer.ggml.*} keys.
   *
   * @param file the file, for messages
   * @param metadata the file's metadata: numbers, booleans, strings, and lists of them
   * @return the tokenizer's data, or empty if the file has no tokenizer
   * @throws dev.qwq.MalformedFileException if the metadata contradicts itself
   * @throws dev.qwq.UnsupportedModelException if the tokenizer is of another kind
   */
  public static Optional<TokenizerData> fromGguf(Path file, Map<String, Object> metadata) {
    return GgufTokenizer.read(file, metadata);
  }
}
