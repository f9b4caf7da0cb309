package dev.qwq.weights;

/** Is told how far a long copy has come, and may stop it. Called by one thread at a time. */
@FunctionalInterface
public interface ByteProgress {
  /**
   * Takes note of progress. Called often enough for a progress bar, a few times a second or more.
   *
   * @param doneBytes bytes done so far, never decreasing
   * @param totalBytes bytes in all, always the same
   * @return whether to go on; with {@code false} the operation cleans up and throws {@link
   *     java.util.concurrent.CancellationException}
   */
  boolean update(long doneBytes, long totalBytes);
}
