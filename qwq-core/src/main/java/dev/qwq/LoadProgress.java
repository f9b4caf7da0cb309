package dev.qwq;

/** Hears how far loading a model's weights has come. */
@FunctionalInterface
public interface LoadProgress {
  /**
   * Called now and then on the thread that opens the model.
   *
   * @param loadedBytes bytes read so far
   * @param totalBytes bytes to read, never changing
   * @return whether to go on; {@code false} cancels the load
   */
  boolean onProgress(long loadedBytes, long totalBytes);
}
