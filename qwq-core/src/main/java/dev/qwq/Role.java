package dev.qwq;

import java.util.Locale;

/** Who speaks in a {@link Message}. */
public enum Role {
  /** Instructions that frame the conversation. */
  SYSTEM,
  /** The person. */
  USER,
  /** The model. */
  ASSISTANT,
  /** The result of a tool call. */
  TOOL;

  /** The role's name in chat templates. */
  String templateName() {
    return name().toLowerCase(Locale.ROOT);
  }
}
