package dev.qwq.engine;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The KV state of one conversation: what has been computed of it and need not be computed again.
 * One generation at a time uses it. Under shortage the engine gives an idle sequence's blocks away;
 * its tokens are then computed again, with the same results, when it is used next.
 *
 * <p>Thread-safe. A sequence that is not closed keeps blocks until others need them.
 */
public final class KvSequence implements AutoCloseable {
  private final SchedulerLoop loop;
  private final AtomicReference<@Nullable User> user = new AtomicReference<>();
  private volatile boolean closed;

  // From here on: the engine thread's.
  private final TokenHistory history = new TokenHistory();
  private int computed;
  private @Nullable OffHeapInts blocks;
  private int[] epochs = new int[16]; // of each block, when it became one of this sequence
  private final List<BlockKey> keys = new ArrayList<>(); // of the history's first full blocks
  private boolean attached;
  private boolean foreign; // some of what is computed came from a file

  KvSequence(SchedulerLoop loop) {
    this.loop = loop;
  }

  /**
   * Begins another conversation that goes on from what this one holds. Nothing is copied but the
   * token ids; both share their KV blocks until one of them writes. Does not wait for the engine: a
   * generation submitted for either sequence later sees the fork done.
   *
   * @return a sequence of its own; close it
   * @throws dev.qwq.QwqException with {@code CLOSED} if sequence or engine are closed
   */
  public KvSequence fork() {
    return loop.fork(this);
  }

  /**
   * Cancels the generation that uses this sequence, if one does, and gives the blocks back as soon
   * as the engine thread gets to it. Does not block; idempotent.
   */
  @Override
  public void close() {
    closed = true;
    User current = user.get();
    if (current != null) {
      current.cancel();
    }
    loop.release(this);
  }

  boolean isClosed() {
    return closed;
  }

  boolean belongsTo(SchedulerLoop other) {
    return loop == other;
  }

  /** Who works with a sequence: one at a time. */
  interface User {
    /** The sequence was closed: asks the user to end. Any thread; does not block. */
    void cancel();
  }

  /** Makes somebody the user of this sequence; false if there is one already. */
  boolean claim(User newUser) {
    return user.compareAndSet(null, newUser);
  }

  void unclaim() {
    user.set(null);
  }

  @Nullable User user() {
    return user.get();
  }

  TokenHistory history() {
    return history;
  }

  /** Tokens whose K and V are in the cache: all of {@code history} before this index. */
  int computed() {
    return computed;
  }

  void setComputed(int tokens) {
    computed = tokens;
    foreign &= tokens > 0;
  }

  /** True if what this sequence computes must not be given to others: it rests on a file. */
  boolean isForeign() {
    return foreign;
  }

  void setForeign(boolean now) {
    foreign = now;
  }

  /** True while the sequence runs: its blocks are pinned, and may be computed on. */
  boolean isAttached() {
    return attached;
  }

  void setAttached(boolean now) {
    attached = now;
  }

  /** Tokens of this prompt that need not be computed; the last one must be, for its logits. */
  int reusable(int[] prompt) {
    return Math.min(Math.min(history.commonPrefix(prompt), computed), prompt.length - 1);
  }

  /**
   * Makes the history this prompt, keeping what it shares with the old one: every shared token
   * keeps its role.
   */
  void replaceHistory(int[] prompt, int generatedFrom, int blockSize) {
    int common = history.commonPrefix(prompt);
    truncateHistory(common, blockSize);
    int promptEnd = Math.max(common, generatedFrom);
    history.append(prompt, common, promptEnd, TokenRole.PROMPT);
    history.append(prompt, promptEnd, prompt.length, TokenRole.GENERATED);
  }

  void truncateHistory(int size, int blockSize) {
    history.truncate(size);
    int full = size / blockSize;
    if (keys.size() > full) {
      keys.subList(full, keys.size()).clear();
    }
  }

  /** The key of a block that is full in the history. */
  BlockKey key(int index, BlockKey.Hasher hasher, int blockSize) {
    for (int i = keys.size(); i <= index; i++) {
      keys.add(hasher.key(i == 0 ? null : keys.get(i - 1), history, i * blockSize));
    }
    return keys.get(index);
  }

  int heldBlocks() {
    return blocks == null ? 0 : blocks.size();
  }

  int block(int index) {
    if (blocks == null) {
      throw new IndexOutOfBoundsException(index);
    }
    return blocks.get(index);
  }

  int epoch(int index) {
    return epochs[index];
  }

  MemorySegment blockTable() {
    return blocks == null ? MemorySegment.NULL : blocks.segment();
  }

  void addBlock(int block, int epoch) {
    if (blocks == null) {
      blocks = new OffHeapInts();
    }
    int index = blocks.size();
    blocks.add(block);
    if (index == epochs.length) {
      epochs = Arrays.copyOf(epochs, 2 * index);
    }
    epochs[index] = epoch;
  }

  void setBlock(int index, int block, int epoch) {
    if (blocks != null) {
      blocks.set(index, block);
      epochs[index] = epoch;
    }
  }

  /** Shortens the block table; what becomes of the last block is the caller's business. */
  void removeLastBlock() {
    if (blocks != null) {
      blocks.removeLast();
      if (blocks.size() == 0) {
        blocks.close();
        blocks = null;
      }
    }
  }
}
