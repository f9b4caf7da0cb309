package dev.qwq.weights;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Streams a GGUF file of version 3: first the metadata and the declarations of all tensors, then
 * {@link #begin}, then the tensors' data in the order of their declarations, then {@link #finish}.
 *
 * <p>Data goes into a temporary file beside the target, which {@link #finish} moves into its place
 * at once; {@link #close} without it removes the temporary file, so that no one ever sees half a
 * model.
 *
 * <p>For one thread. All failures to write are {@link QwqException}s with {@code FILE_UNREADABLE}.
 */
public final class GgufWriter implements AutoCloseable {
  private static final int VERSION = 3;
  private static final int ALIGNMENT = GgufPart.DEFAULT_ALIGNMENT;

  private final Path target;
  private final Path temporary;
  private final boolean replace;
  private final FileChannel channel;
  private final Set<String> keys = new LinkedHashSet<>();
  private final LittleEndian metadata = new LittleEndian();
  private final List<Declared> tensors = new ArrayList<>();
  private final Set<String> names = new LinkedHashSet<>();
  private @Nullable ByteProgress progress;
  private long totalBytes;
  private long writtenBytes;
  private int current;
  private long writtenOfCurrent;
  private boolean finished;

  private record Declared(String name, DType dtype, List<Long> shape, long bytes) {}

  private GgufWriter(Path target, Path temporary, boolean replace, FileChannel channel) {
    this.target = target;
    this.temporary = temporary;
    this.replace = replace;
    this.channel = channel;
  }

  /**
   * Begins a file.
   *
   * @param target where it is to lie; a file already there is replaced when this one is finished
   * @return a writer
   */
  public static GgufWriter create(Path target) {
    return create(target, true);
  }

  /**
   * Begins a file that replaces none.
   *
   * @param target where it is to lie
   * @return a writer
   * @throws QwqException with {@code INVALID_ARGUMENT}, here or in {@link #finish}, if something
   *     lies there
   */
  public static GgufWriter createNew(Path target) {
    if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
      throw exists(target);
    }
    return create(target, false);
  }

  private static GgufWriter create(Path target, boolean replace) {
    if (Files.isDirectory(target)) {
      throw new QwqException(
          ErrorCode.FILE_UNREADABLE,
          target + ": cannot be written: a folder of this name is there");
    }
    Path temporary =
        target.resolveSibling("%s.%x.part".formatted(target.getFileName(), System.nanoTime()));
    try {
      FileChannel channel =
          FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
      temporary.toFile().deleteOnExit(); // should the process be told to end meanwhile
      return new GgufWriter(target, temporary, replace, channel);
    } catch (IOException e) {
      throw FileErrors.unwritable(target, e);
    }
  }

  /**
   * Adds a string.
   *
   * @param key a key that is new
   * @param value its value
   * @return this writer
   */
  public GgufWriter putString(String key, String value) {
    entry(key, GgufType.STRING).string(value);
    return this;
  }

  /**
   * Adds an unsigned 32-bit number, the type of all counts.
   *
   * @param key a key that is new
   * @param value its value, not negative
   * @return this writer
   */
  public GgufWriter putUint32(String key, int value) {
    if (value < 0) {
      throw new IllegalArgumentException(key + ": " + value + " is negative");
    }
    entry(key, GgufType.UINT32).int32(value);
    return this;
  }

  /**
   * Adds a signed 32-bit number.
   *
   * @param key a key that is new
   * @param value its value
   * @return this writer
   */
  public GgufWriter putInt32(String key, int value) {
    entry(key, GgufType.INT32).int32(value);
    return this;
  }

  /**
   * Adds an unsigned 16-bit number.
   *
   * @param key a key that is new
   * @param value its value, 0 to 65535
   * @return this writer
   */
  public GgufWriter putUint16(String key, int value) {
    if (value < 0 || value > 0xFFFF) {
      throw new IllegalArgumentException(key + ": " + value + " does not fit 16 bits");
    }
    entry(key, GgufType.UINT16).int16(value);
    return this;
  }

  /**
   * Adds a floating-point number.
   *
   * @param key a key that is new
   * @param value its value
   * @return this writer
   */
  public GgufWriter putFloat32(String key, float value) {
    entry(key, GgufType.FLOAT32).int32(Float.floatToRawIntBits(value));
    return this;
  }

  /**
   * Adds a truth.
   *
   * @param key a key that is new
   * @param value its value
   * @return this writer
   */
  public GgufWriter putBool(String key, boolean value) {
    entry(key, GgufType.BOOL).int8(value ? 1 : 0);
    return this;
  }

  /**
   * Adds an array of strings.
   *
   * @param key a key that is new
   * @param values its values
   * @return this writer
   */
  public GgufWriter putStrings(String key, List<String> values) {
    LittleEndian out = entry(key, GgufType.ARRAY).int32(GgufType.STRING.id());
    out.int64(values.size());
    values.forEach(out::string);
    return this;
  }

  /**
   * Adds an array of signed 32-bit numbers.
   *
   * @param key a key that is new
   * @param values its values
   * @return this writer
   */
  public GgufWriter putInt32s(String key, int[] values) {
    LittleEndian out = entry(key, GgufType.ARRAY).int32(GgufType.INT32.id());
    out.int64(values.length);
    for (int value : values) {
      out.int32(value);
    }
    return this;
  }

  /**
   * Copies metadata from another file, byte for byte.
   *
   * @param source the file
   * @param wanted tells which keys; they must be new
   * @return this writer
   */
  public GgufWriter putAll(GgufFile source, Predicate<String> wanted) {
    source
        .rawMetadata()
        .forEach(
            (key, value) -> {
              if (wanted.test(key)) {
                newKey(key);
                metadata.bytes(value.toArray(ValueLayout.JAVA_BYTE));
              }
            });
    return this;
  }

  /**
   * Declares a tensor.
   *
   * @param name a name that is new
   * @param dtype its format, one that GGUF has
   * @param shape its dimensions, outermost first, 1 to 4 of them
   * @return this writer
   */
  public GgufWriter declare(String name, DType dtype, List<Long> shape) {
    requireHead();
    if (dtype.id() < 0 || shape.isEmpty() || shape.size() > 4 || !names.add(name)) {
      throw new IllegalArgumentException(name + ": cannot declare " + dtype + " " + shape);
    }
    tensors.add(
        new Declared(
            name, dtype, List.copyOf(shape), TensorShapes.bytes(target, name, dtype, shape)));
    return this;
  }

  /**
   * Writes the head of the file; from here on only data is accepted.
   *
   * @param listener is told how far the data has come
   * @throws QwqException also if there is not enough room for the file
   */
  public void begin(ByteProgress listener) {
    requireHead();
    progress = listener;
    totalBytes = tensors.stream().mapToLong(Declared::bytes).sum();
    LittleEndian head = new LittleEndian();
    head.bytes("GGUF".getBytes(StandardCharsets.US_ASCII));
    head.int32(VERSION);
    head.int64(tensors.size());
    head.int64(keys.size());
    metadata.appendTo(head);
    long offset = 0;
    for (Declared tensor : tensors) {
      head.string(tensor.name());
      head.int32(tensor.shape().size());
      tensor.shape().reversed().forEach(head::int64);
      head.int32(tensor.dtype().id());
      head.int64(offset);
      offset = Math.addExact(offset, aligned(tensor.bytes()));
    }
    head.bytes(new byte[(int) (aligned(head.size()) - head.size())]);
    checkRoom(Math.addExact(head.size(), offset));
    write(head.toBuffer());
  }

  /**
   * Writes the next piece of a tensor's data.
   *
   * @param name the tensor whose turn it is
   * @param piece the bytes, no more than the tensor still lacks; all are written
   * @throws CancellationException if the listener says so, or the thread is interrupted
   */
  public void write(String name, ByteBuffer piece) {
    if (progress == null || finished) {
      throw new IllegalStateException("data is written between begin and finish");
    }
    Declared tensor = current < tensors.size() ? tensors.get(current) : null;
    if (tensor == null || !tensor.name().equals(name)) {
      throw new IllegalArgumentException(
          name + ": it is the turn of " + (tensor == null ? "no tensor" : tensor.name()));
    }
    if (piece.remaining() > tensor.bytes() - writtenOfCurrent) {
      throw new IllegalArgumentException(name + ": more data than its shape has");
    }
    writtenOfCurrent += piece.remaining();
    writtenBytes += piece.remaining();
    write(piece);
    if (writtenOfCurrent == tensor.bytes()) {
      write(ByteBuffer.allocate((int) (aligned(tensor.bytes()) - tensor.bytes())));
      current++;
      writtenOfCurrent = 0;
    }
    if (!progress.update(writtenBytes, totalBytes)) {
      throw new CancellationException(target + ": writing was cancelled");
    }
  }

  /** Brings the data to the disk and moves the file into its place. */
  public void finish() {
    if (progress == null || finished || current < tensors.size()) {
      throw new IllegalStateException("not all tensors were written");
    }
    try {
      channel.force(true);
      channel.close();
      move();
      finished = true;
    } catch (IOException e) {
      throw FileErrors.unwritable(target, e);
    }
  }

  /** Removes what was written unless it was finished. Idempotent. */
  @Override
  public void close() {
    try {
      channel.close();
      if (!finished) {
        Files.deleteIfExists(temporary);
      }
    } catch (IOException e) {
      throw FileErrors.unwritable(temporary, e);
    }
  }

  private void move() throws IOException {
    if (!replace && linkToTarget()) {
      return;
    }
    FileMoves.replace(temporary, target);
  }

  /** Gives the file its name only if nothing has it; false if the file system has no links. */
  private boolean linkToTarget() throws IOException {
    try {
      Files.createLink(target, temporary);
      Files.delete(temporary);
      return true;
    } catch (FileAlreadyExistsException e) {
      throw exists(target);
    } catch (UnsupportedOperationException | FileSystemException e) {
      if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
        throw exists(target);
      }
      return false;
    }
  }

  private static QwqException exists(Path target) {
    return new QwqException(ErrorCode.INVALID_ARGUMENT, target + ": is there already");
  }

  private LittleEndian entry(String key, GgufType type) {
    newKey(key);
    metadata.int32(type.id());
    return metadata;
  }

  private void newKey(String key) {
    requireHead();
    if (!keys.add(key)) {
      throw new IllegalArgumentException(key + " is there already");
    }
    metadata.string(key);
  }

  private void requireHead() {
    if (progress != null) {
      throw new IllegalStateException("the head of the file is written");
    }
  }

  private void checkRoom(long bytes) {
    try {
      long room = Files.getFileStore(temporary).getUsableSpace();
      if (room < bytes) {
        throw new QwqException(
            ErrorCode.FILE_UNREADABLE,
            target
                + ": cannot be written: it takes "
                + bytes
                + " bytes, and "
                + room
                + " are free");
      }
    } catch (IOException e) {
      throw FileErrors.unwritable(target, e);
    }
  }

  private void write(ByteBuffer bytes) {
    try {
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    } catch (IOException e) {
      throw FileErrors.unwritable(target, e);
    }
  }

  private static long aligned(long size) {
    return (size + ALIGNMENT - 1) & -ALIGNMENT;
  }

  /** Collects little-endian values. */
  private static final class LittleEndian {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteBuffer scratch = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);

    int size() {
      return out.size();
    }

    void bytes(byte[] bytes) {
      out.writeBytes(bytes);
    }

    void string(String text) {
      byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
      int64(utf8.length);
      bytes(utf8);
    }

    void int8(int value) {
      out.write(value);
    }

    void int16(int value) {
      out.write(scratch.putShort(0, (short) value).array(), 0, 2);
    }

    LittleEndian int32(int value) {
      out.write(scratch.putInt(0, value).array(), 0, 4);
      return this;
    }

    void int64(long value) {
      out.write(scratch.putLong(0, value).array(), 0, 8);
    }

    void appendTo(LittleEndian other) {
      other.bytes(out.toByteArray());
    }

    ByteBuffer toBuffer() {
      return ByteBuffer.wrap(out.toByteArray());
    }
  }
}
