package dev.qwq;

/**
 * Hears how far loading a model's weights has come: reading them into memory ({@link
 * ModelOptions.Weights#LOADED}), and then copying them to devices ({@link Backend#CUDA}), which
 * begins again at 0 with a total of its own.
 */
@FunctionalInterface
public interface LoadProgress {
  /**
   * Called now and then on the thread that opens the model.
   *
   * @param loadedBytes bytes read so far
   * @param totalBytes bytes to read, or to copy
   * @return whether to go on; {@code false} cancels the load
   */
  boolean onProgress(long loadedBytes, long totalBytes);
}
