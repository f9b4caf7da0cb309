package dev.qwq.weights;

import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** Gives files their names. */
public final class FileMoves {
  private FileMoves() {}

  /**
   * Puts a file that is whole into the place of another: at once where the file system can.
   *
   * @param written the file, in the same folder
   * @param target its name from now on; replaced if it exists
   * @throws IOException if it cannot be moved
   */
  public static void replace(Path written, Path target) throws IOException {
    try {
      Files.move(written, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException e) {
      Files.move(written, target, StandardCopyOption.REPLACE_EXISTING);
    }
  }
}
