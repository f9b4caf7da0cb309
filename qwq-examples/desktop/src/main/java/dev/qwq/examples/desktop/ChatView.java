package dev.qwq.examples.desktop;

import dev.qwq.FinishReason;
import dev.qwq.ModelInfo;
import dev.qwq.Usage;

/** What a person sees of the program. Called on the UI thread only. */
interface ChatView {
  /** What the program is doing. */
  enum Phase {
    /** There is no model, so nothing can be said. */
    NO_MODEL,
    /** A model is being read. */
    LOADING,
    /** A message may be sent. */
    READY,
    /** The model answers. */
    REPLYING
  }

  void showPhase(Phase phase);

  void showModel(String name, ModelInfo info);

  void showLoading(long loadedBytes, long totalBytes);

  /** A new conversation begins. */
  void clear();

  /** A person has said something, and a reply begins. */
  void beginReply(String message);

  void showReading(int processed, int total);

  void addThinking(String text);

  void addAnswer(String text);

  /** Pieces of text a second since the first: about as many tokens. */
  void showSpeed(double piecesPerSecond);

  void endReply(Usage usage, FinishReason reason);

  /** Something went wrong; the sentence says what. */
  void showError(String sentence);
}
