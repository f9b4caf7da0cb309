package dev.qwq.weights;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The memory that a model's tensors lie in: mapped files, or copies of them.
 *
 * <p>Thread-safe. All segments are valid until {@link #close()}.
 */
public final class WeightFiles implements AutoCloseable {
  private final Arena arena = Arena.ofShared();
  private final List<Mapped> files = new ArrayList<>();
  private final AtomicBoolean closed = new AtomicBoolean();

  /** A mapped file, and what it was when it was mapped. */
  private record Mapped(Path path, BasicFileAttributes identity, MemorySegment bytes) {}

  WeightFiles() {}

  /** Maps a whole file for reading. */
  synchronized MemorySegment map(Path path) {
    try {
      // Before it is opened: opening a pipe would wait for its other end.
      BasicFileAttributes identity = Files.readAttributes(path, BasicFileAttributes.class);
      if (!identity.isRegularFile()) {
        throw new QwqException(
            ErrorCode.FILE_UNREADABLE,
            path + ": cannot be read: " + (identity.isDirectory() ? "a folder" : "not a file"));
      }
      try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
        if (channel.size() != identity.size()) {
          throw changed(path, "while it was being opened");
        }
        MemorySegment bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, identity.size(), arena);
        files.add(new Mapped(path, identity, bytes));
        return bytes;
      }
    } catch (IOException e) {
      throw FileErrors.unreadable(path, e);
    }
  }

  /**
   * Returns the files that are mapped.
   *
   * @return their paths in the order in which they were opened; empty if the tensors are copies
   */
  public synchronized List<Path> paths() {
    return files.stream().map(Mapped::path).toList();
  }

  /**
   * Checks that nobody has written to the mapped files. A file that was replaced or removed is no
   * fault: the mapping keeps the old one.
   *
   * @throws QwqException with {@code WEIGHTS_DAMAGED} if one has changed
   */
  public synchronized void verifyUnchanged() {
    for (Mapped file : files) {
      try {
        BasicFileAttributes now = Files.readAttributes(file.path(), BasicFileAttributes.class);
        BasicFileAttributes then = file.identity();
        boolean same = Objects.equals(now.fileKey(), then.fileKey());
        if (same
            && (now.size() != then.size()
                || !now.lastModifiedTime().equals(then.lastModifiedTime()))) {
          throw changed(file.path(), "while it was in use");
        }
      } catch (NoSuchFileException e) {
        // Removed; the mapping lives on.
      } catch (IOException e) {
        throw FileErrors.unreadable(file.path(), e);
      }
    }
  }

  /**
   * Copies tensors into memory of their own.
   *
   * @param tensors tensors that lie in these files
   * @param progress is told the bytes copied
   * @return the copies, in the same order; they belong to the other files object
   * @throws QwqException with {@code OUT_OF_MEMORY} if there is not enough, {@code FILE_UNREADABLE}
   *     if reading fails
   * @throws java.util.concurrent.CancellationException if {@code progress} says so
   */
  public synchronized InMemory readIntoMemory(List<TensorInfo> tensors, ByteProgress progress) {
    WeightFiles copies = new WeightFiles();
    try {
      TensorReader reader = new TensorReader(copies.arena, progress, tensors);
      for (Mapped file : files) {
        reader.read(file.path(), file.bytes());
      }
      return new InMemory(copies, reader.copies());
    } catch (Throwable e) {
      copies.close();
      throw e;
    }
  }

  /**
   * Tensors in memory of their own.
   *
   * @param memory owns the memory
   * @param tensors the tensors
   */
  public record InMemory(WeightFiles memory, List<TensorInfo> tensors) {}

  /** Unmaps and frees everything. No segment may be in use. Idempotent. */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      arena.close();
    }
  }

  private static QwqException changed(Path path, String when) {
    return new QwqException(
        ErrorCode.WEIGHTS_DAMAGED,
        path
            + ": the file was changed "
            + when
            + "; replace files by renaming a new one over them");
  }
}
