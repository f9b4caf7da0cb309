package dev.qwq.saved;

import dev.qwq.MalformedFileException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.BitSet;

/** Reads a session file; every part is checked before it is handed out. */
public final class SessionReader implements AutoCloseable {
  private final Path file;
  private final FileChannel channel;
  private final SessionHeader header;
  private final int[] ids;
  private final BitSet generated;
  private final int[] spoken;
  private int nextBlock;

  /**
   * Opens a file and reads all but the blocks.
   *
   * @param file the file
   * @throws IOException if it cannot be read
   * @throws MalformedFileException if it is damaged, or no session file
   */
  public SessionReader(Path file) throws IOException {
    this.file = file;
    channel = FileChannel.open(file, StandardOpenOption.READ);
    boolean sound = false;
    try {
      magic("magic", SessionFile.MAGIC);
      header = readHeader();
      checkSize();
      ByteBuffer part =
          part("tokens", Math.toIntExact(SessionFile.tokenBytes(header.tokens(), header.spoken())));
      ids = SessionFile.ids(part, header.tokens());
      generated = SessionFile.bits(part, header.tokens());
      spoken = SessionFile.ids(part, header.spoken());
      sound = true;
    } finally {
      if (!sound) {
        channel.close();
      }
    }
  }

  private SessionHeader readHeader() throws IOException {
    int bytes = read("header length", Integer.BYTES).getInt();
    if (bytes < 2 || bytes > SessionFile.MAX_HEADER_BYTES || bytes > channel.size()) {
      throw malformed("header length", "2 bytes to the size of the file", Integer.toString(bytes));
    }
    SessionHeader found;
    ByteBuffer json = part("header", bytes);
    try {
      found = SessionFile.fromJson(bytes(json));
    } catch (IOException e) {
      throw malformed("header", "the JSON of a session", String.valueOf(e.getMessage()));
    }
    check("tokens", found.tokens() >= 0, found.tokens());
    check(
        "computed", found.computed() >= 0 && found.computed() <= found.tokens(), found.computed());
    check("blockSize", found.blockSize() > 0, found.blockSize());
    check("blockBytes", found.blockBytes() > 0 && found.blockBytes() < 1 << 30, found.blockBytes());
    check("spoken", found.spoken() >= 0, found.spoken());
    check(
        "lastPrompt",
        found.lastPrompt() >= -1 && found.lastPrompt() <= found.spoken(),
        found.lastPrompt());
    return found;
  }

  private void check(String field, boolean good, long found) {
    if (!good) {
      throw malformed("header." + field, "a number that fits the others", Long.toString(found));
    }
  }

  private void checkSize() throws IOException {
    long expected =
        channel.position()
            + SessionFile.tokenBytes(header.tokens(), header.spoken())
            + SessionFile.CRC_BYTES
            + header.blocks() * (header.blockBytes() + SessionFile.CRC_BYTES)
            + SessionFile.END.length;
    if (channel.size() != expected) {
      throw malformed("size", expected + " bytes", Long.toString(channel.size()));
    }
  }

  private void magic(String field, byte[] expected) throws IOException {
    byte[] found = bytes(read(field, expected.length));
    if (!Arrays.equals(found, expected)) {
      throw malformed(field, "a session file of this version", Arrays.toString(found));
    }
  }

  private static byte[] bytes(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }

  private ByteBuffer part(String name, int bytes) throws IOException {
    ByteBuffer part = read(name, bytes);
    checkCrc(name, part);
    return part;
  }

  private void checkCrc(String name, ByteBuffer part) throws IOException {
    int expected = read(name + " checksum", SessionFile.CRC_BYTES).getInt();
    int found = SessionFile.crc(part);
    if (found != expected) {
      throw malformed(
          name, "CRC-32C %08x".formatted(expected), "%08x: the file is damaged".formatted(found));
    }
  }

  private ByteBuffer read(String what, int bytes) throws IOException {
    ByteBuffer buffer = SessionFile.allocate(bytes);
    fill(what, buffer);
    return buffer.flip();
  }

  private void fill(String what, ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      if (channel.read(buffer) < 0) {
        throw malformed(what, buffer.capacity() + " bytes", "the end of the file");
      }
    }
  }

  /**
   * Reads the next block.
   *
   * @param bytes takes all of it; must have {@link SessionHeader#blockBytes} bytes
   * @throws IOException if it cannot be read, or there is none
   */
  public void block(ByteBuffer bytes) throws IOException {
    if (nextBlock == header.blocks()) {
      throw new EOFException("no more blocks");
    }
    String name = "block " + nextBlock++;
    ByteBuffer content = bytes.duplicate();
    fill(name, bytes);
    checkCrc(name, content);
  }

  /**
   * Returns the header.
   *
   * @return sound in itself, but for the model to be compared
   */
  public SessionHeader header() {
    return header;
  }

  /**
   * Returns the KV history.
   *
   * @return token ids, not checked against a vocabulary
   */
  public int[] ids() {
    return ids.clone();
  }

  /**
   * Returns which tokens of the history were generated.
   *
   * @return a bit for each
   */
  public BitSet generated() {
    return (BitSet) generated.clone();
  }

  /**
   * Returns the last prompt and its reply.
   *
   * @return token ids, not checked against a vocabulary
   */
  public int[] spoken() {
    return spoken.clone();
  }

  private MalformedFileException malformed(String field, String expected, String found) {
    return new MalformedFileException(file, field, expected, found);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
