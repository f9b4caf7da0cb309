package dev.qwq.chat;

import java.util.Objects;

/**
 * A variable's value that is the model's own text, such as {@code bos_token} and {@code eos_token}.
 * It counts as the template's own, so special tokens in it are recognised. Never wrap anything a
 * user, a tool or a document brought.
 *
 * @param text the text
 */
public record ModelText(String text) {
  /** Requires a text. */
  public ModelText {
    Objects.requireNonNull(text, "text");
  }

  @Override
  public String toString() {
    return text;
  }
}
