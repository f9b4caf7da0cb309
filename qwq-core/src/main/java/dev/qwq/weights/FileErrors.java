package dev.qwq.weights;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;

/** Turns what the operating system says about files into sentences. */
public final class FileErrors {
  private FileErrors() {}

  /**
   * Explains why a file could not be read.
   *
   * @param file the file
   * @param cause what happened
   * @return an exception with {@code FILE_UNREADABLE}; a {@link CancellationException} if the
   *     thread was interrupted
   */
  public static RuntimeException unreadable(Path file, IOException cause) {
    return explain(file, "cannot be read", cause);
  }

  /**
   * Explains why a file could not be written.
   *
   * @param file the file
   * @param cause what happened
   * @return an exception with {@code FILE_UNREADABLE}, the code for all input and output; a {@link
   *     CancellationException} if the thread was interrupted
   */
  public static RuntimeException unwritable(Path file, IOException cause) {
    return explain(file, "cannot be written", cause);
  }

  /**
   * Reads from a mapping. The JVM reports a page that is no longer in the file as an InternalError.
   *
   * @param <T> what comes of it
   * @param file the file, for the message
   * @param read reads
   * @return what {@code read} returns
   * @throws QwqException with {@code FILE_UNREADABLE} if the file was cut short meanwhile
   */
  static <T> T guardMapped(Path file, Supplier<T> read) {
    try {
      return read.get();
    } catch (InternalError e) {
      throw new QwqException(
          ErrorCode.FILE_UNREADABLE, file + ": was cut short while it was being read", e);
    }
  }

  private static RuntimeException explain(Path file, String what, IOException cause) {
    if (cause instanceof ClosedByInterruptException) {
      CancellationException cancelled = new CancellationException(file + ": interrupted");
      cancelled.initCause(cause);
      return cancelled;
    }
    String why =
        switch (cause) {
          case NoSuchFileException e -> "no such file or folder";
          case AccessDeniedException e -> "permission denied";
          default -> String.valueOf(cause.getMessage());
        };
    return new QwqException(ErrorCode.FILE_UNREADABLE, file + ": " + what + ": " + why, cause);
  }
}
