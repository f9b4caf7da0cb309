package dev.qwq.saved;

import dev.qwq.weights.FileErrors;
import dev.qwq.weights.FileMoves;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.BitSet;

/**
 * Writes a session file beside its place and gives it its name when all of it is on the disk: a
 * crash leaves the old file or the new one, never a part.
 */
public final class SessionWriter implements AutoCloseable {
  private final Path target;
  private final Path temporary;
  private final FileChannel channel;
  private boolean finished;

  /**
   * Begins a file.
   *
   * @param target its name in the end; a file of that name is replaced
   * @throws IOException if it cannot be written
   */
  public SessionWriter(Path target) throws IOException {
    this.target = target;
    Path folder = target.toAbsolutePath().getParent();
    temporary = Files.createTempFile(folder, "." + target.getFileName(), ".part");
    channel = FileChannel.open(temporary, StandardOpenOption.WRITE);
  }

  /**
   * Writes all but the blocks.
   *
   * @param header the header
   * @param ids the KV history
   * @param generated which of it were generated
   * @param spoken the last prompt and its reply
   * @throws IOException if it cannot be written
   */
  public void begin(SessionHeader header, int[] ids, BitSet generated, int[] spoken)
      throws IOException {
    byte[] json = SessionFile.toJson(header);
    write(ByteBuffer.wrap(SessionFile.MAGIC));
    write(SessionFile.allocate(Integer.BYTES).putInt(json.length).flip());
    part(ByteBuffer.wrap(json));
    part(SessionFile.tokens(ids, generated, spoken));
  }

  /**
   * Writes the next block.
   *
   * @param bytes all of it
   * @throws IOException if it cannot be written
   */
  public void block(ByteBuffer bytes) throws IOException {
    part(bytes);
  }

  private void part(ByteBuffer bytes) throws IOException {
    int crc = SessionFile.crc(bytes);
    write(bytes);
    write(SessionFile.allocate(SessionFile.CRC_BYTES).putInt(crc).flip());
  }

  private void write(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  /**
   * Puts the file in its place.
   *
   * @throws IOException if it cannot
   */
  public void finish() throws IOException {
    write(ByteBuffer.wrap(SessionFile.END));
    channel.force(true);
    channel.close();
    FileMoves.replace(temporary, target);
    finished = true;
  }

  /** Removes what was written unless it was finished. */
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
}
