package dev.qwq.engine;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.BitSet;
import java.util.concurrent.CancellationException;

/**
 * Moves what a sequence holds out of an engine and into one, block after block, between the steps
 * of whatever runs meanwhile. Belongs to the thread that creates it; the sequence is in use until
 * the transfer is closed.
 */
public final class KvTransfer implements AutoCloseable, KvSequence.User {
  /** Takes blocks. */
  @FunctionalInterface
  public interface BlockSink {
    /**
     * Takes the next block.
     *
     * @param block its bytes, valid during the call
     * @throws IOException if they cannot be kept
     */
    void accept(ByteBuffer block) throws IOException;
  }

  /** Gives blocks. */
  @FunctionalInterface
  public interface BlockSource {
    /**
     * Gives the next block.
     *
     * @param block takes its bytes
     * @throws IOException if they cannot be had
     */
    void read(ByteBuffer block) throws IOException;
  }

  /**
   * The tokens of a sequence.
   *
   * @param ids all of them
   * @param generated which of them were generated
   * @param computed how many have K and V in the blocks
   */
  public record Tokens(int[] ids, BitSet generated, int computed) {}

  // Enough that the engine is asked seldom, little enough that it is not held up.
  private static final long CHUNK_BYTES = 8 << 20;

  private final SchedulerLoop loop;
  private final KvSequence sequence;
  private final int blockSize;
  private volatile boolean cancelled;

  KvTransfer(SchedulerLoop loop, KvSequence sequence, int blockSize) {
    this.loop = loop;
    this.sequence = sequence;
    this.blockSize = blockSize;
    loop.claim(sequence, this);
  }

  /** The sequence was closed: the transfer ends with an exception. */
  @Override
  public void cancel() {
    cancelled = true;
  }

  /**
   * Returns how many bytes a block has.
   *
   * @return bytes
   */
  public long blockBytes() {
    return loop.stepper().blockBytes();
  }

  /**
   * Returns how many tokens a block has.
   *
   * @return tokens
   */
  public int blockSize() {
    return blockSize;
  }

  /**
   * Returns what the sequence holds, and keeps it until this transfer is closed.
   *
   * @return a copy of the tokens
   */
  public Tokens tokens() {
    return loop.call(
        memory -> {
          memory.lend(sequence);
          TokenHistory history = sequence.history();
          BitSet generated = new BitSet(history.size());
          for (int i = 0; i < history.size(); i++) {
            generated.set(i, history.role(i) == TokenRole.GENERATED);
          }
          int[] ids = Arrays.copyOf(history.array(), history.size());
          return new Tokens(ids, generated, sequence.computed());
        });
  }

  /**
   * Hands out the blocks of {@link #tokens}, in order.
   *
   * @param sink takes them, on the calling thread
   * @throws IOException from the sink
   */
  public void readBlocks(BlockSink sink) throws IOException {
    int blocks = Math.ceilDiv(sequence.computed(), blockSize);
    int chunk = chunk(blocks);
    try (Arena arena = Arena.ofShared()) {
      MemorySegment buffer = arena.allocate(chunk * blockBytes(), Long.BYTES);
      for (int from = 0; from < blocks; from += chunk) {
        int first = from;
        int count = Math.min(chunk, blocks - from);
        loop.call(
            memory -> {
              for (int i = 0; i < count; i++) {
                loop.stepper().readBlock(sequence.block(first + i), slice(buffer, i));
              }
              return true;
            });
        for (int i = 0; i < count; i++) {
          checkOpen();
          sink.accept(slice(buffer, i).asByteBuffer().asReadOnlyBuffer());
        }
      }
    }
  }

  /**
   * Fills a new sequence. Where the KV cache has no room for all blocks, those behind are left out
   * and computed when they are needed. What rests on blocks that came from outside is never given
   * to other sequences.
   *
   * @param tokens its tokens; ids of the vocabulary
   * @param source gives the blocks, in order, on the calling thread; not asked for all of them if
   *     there is no room
   * @throws IOException from the source
   */
  public void fill(Tokens tokens, BlockSource source) throws IOException {
    loop.call(
        memory -> {
          TokenHistory history = sequence.history();
          for (int i = 0; i < tokens.ids().length; i++) {
            history.append(
                tokens.ids()[i],
                tokens.generated().get(i) ? TokenRole.GENERATED : TokenRole.PROMPT);
          }
          memory.lend(sequence);
          return true;
        });
    int chunk = chunk(Math.ceilDiv(tokens.computed(), blockSize));
    try (Arena arena = Arena.ofShared()) {
      MemorySegment buffer = arena.allocate(chunk * blockBytes(), Long.BYTES);
      int done = 0;
      boolean room = true;
      while (room && done < tokens.computed()) {
        int count = Math.min(chunk, Math.ceilDiv(tokens.computed() - done, blockSize));
        for (int i = 0; i < count; i++) {
          checkOpen();
          source.read(slice(buffer, i).asByteBuffer());
        }
        int from = done;
        int held = Math.min(tokens.computed() - done, count * blockSize);
        room = loop.call(memory -> write(memory, buffer, from, from + held));
        done += held;
      }
    }
  }

  private boolean write(KvMemory memory, MemorySegment buffer, int from, int end) {
    for (int at = from; at < end; at += blockSize) {
      MemorySegment bytes = slice(buffer, (at - from) / blockSize);
      int held = Math.min(blockSize, end - at);
      if (!memory.adoptForeignBlock(
          sequence, held, block -> loop.stepper().writeBlock(block, bytes))) {
        return false;
      }
    }
    return true;
  }

  /** How many blocks are moved at a time, of so many in all. */
  private int chunk(int blocks) {
    return Math.clamp(CHUNK_BYTES / blockBytes(), 1, Math.max(1, blocks));
  }

  private MemorySegment slice(MemorySegment buffer, int index) {
    return buffer.asSlice(index * blockBytes(), blockBytes());
  }

  private void checkOpen() {
    if (cancelled) {
      throw new QwqException(ErrorCode.CLOSED, "The sequence was closed.");
    }
    if (Thread.interrupted()) {
      Thread.currentThread().interrupt();
      throw new CancellationException("interrupted");
    }
  }

  /** Gives the sequence back to whoever wants to generate. */
  @Override
  public void close() {
    loop.giveBack(sequence);
  }
}
