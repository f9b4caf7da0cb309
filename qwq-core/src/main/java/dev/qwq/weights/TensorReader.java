package dev.qwq.weights;

import dev.qwq.ErrorCode;
import dev.qwq.MalformedFileException;
import dev.qwq.QwqException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Reads tensors from their files into memory, in the order in which they lie there. */
final class TensorReader {
  private static final int CHUNK_BYTES = 8 << 20;
  private static final int ALIGNMENT = 64; // a cache line, and the widest vector

  private final Arena arena;
  private final ByteProgress progress;
  private final List<TensorInfo> tensors;
  private final @Nullable TensorInfo[] copies;
  private final long totalBytes;
  private long doneBytes;

  TensorReader(Arena arena, ByteProgress progress, List<TensorInfo> tensors) {
    this.arena = arena;
    this.progress = progress;
    this.tensors = tensors;
    copies = new @Nullable TensorInfo[tensors.size()];
    totalBytes = tensors.stream().mapToLong(TensorInfo::bytes).sum();
    checkMemory();
  }

  /** Reads those tensors that lie in the mapping of a file. */
  void read(Path path, MemorySegment mapping) {
    long begin = mapping.address();
    int[] inFile =
        IntStream.range(0, tensors.size())
            .filter(i -> copies[i] == null)
            .filter(i -> mapping.asOverlappingSlice(tensors.get(i).data()).isPresent())
            .boxed()
            .sorted(Comparator.comparingLong(i -> tensors.get(i).data().address()))
            .mapToInt(Integer::intValue)
            .toArray();
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      for (int i : inFile) {
        TensorInfo tensor = tensors.get(i);
        MemorySegment copy = allocate(tensor);
        fill(path, channel, tensor.data().address() - begin, copy, tensor.name());
        copies[i] =
            new TensorInfo(tensor.name(), tensor.dtype(), tensor.shape(), copy.asReadOnly());
      }
    } catch (IOException e) {
      throw FileErrors.unreadable(path, e);
    }
  }

  List<TensorInfo> copies() {
    return Arrays.stream(copies).map(Objects::requireNonNull).toList();
  }

  private MemorySegment allocate(TensorInfo tensor) {
    try {
      return arena.allocate(tensor.bytes(), ALIGNMENT);
    } catch (OutOfMemoryError e) {
      throw outOfMemory("the operating system gave none for " + tensor.name(), e);
    }
  }

  private void fill(
      Path path, FileChannel channel, long position, MemorySegment target, String name)
      throws IOException {
    for (long at = 0; at < target.byteSize(); ) {
      ByteBuffer chunk =
          target.asSlice(at, Math.min(CHUNK_BYTES, target.byteSize() - at)).asByteBuffer();
      while (chunk.hasRemaining()) {
        int count = channel.read(chunk, position + at + chunk.position());
        if (count < 0) {
          throw new MalformedFileException(
              path,
              name,
              target.byteSize() + " bytes at offset " + position,
              "the end of the file");
        }
      }
      at += chunk.capacity();
      doneBytes += chunk.capacity();
      if (!progress.update(doneBytes, totalBytes)) {
        throw new CancellationException(path + ": loading was cancelled");
      }
    }
  }

  // Linux promises memory it does not have and kills the process that then uses it.
  private void checkMemory() {
    OptionalLong available = new SystemMemory().available();
    if (available.isPresent() && totalBytes > available.getAsLong()) {
      throw outOfMemory(available.getAsLong() + " bytes are available", null);
    }
  }

  private QwqException outOfMemory(String found, @Nullable Throwable cause) {
    String message =
        "weights: "
            + totalBytes
            + " bytes are needed in memory, but "
            + found
            + "; map them instead";
    return cause == null
        ? new QwqException(ErrorCode.OUT_OF_MEMORY, message)
        : new QwqException(ErrorCode.OUT_OF_MEMORY, message, cause);
  }
}
