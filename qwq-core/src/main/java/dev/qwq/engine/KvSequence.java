package dev.qwq.engine;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The KV state of one conversation: what has been computed of it and need not be computed again.
 * One generation at a time uses it. Under shortage the engine takes an idle sequence's blocks away;
 * its tokens are then computed again, with the same results, when it is used next.
 *
 * <p>Thread-safe. A sequence that is not closed keeps blocks until others need them.
 */
public final class KvSequence implements AutoCloseable {
  private final SchedulerLoop loop;
  private final AtomicReference<@Nullable Task> task = new AtomicReference<>();
  private volatile boolean closed;
  private volatile int cachedTokens;

  // From here on: the engine thread's.
  private final TokenHistory history = new TokenHistory();
  private int computed;
  private @Nullable OffHeapInts blocks;

  KvSequence(SchedulerLoop loop) {
    this.loop = loop;
  }

  /**
   * Returns how many tokens of the conversation are in the KV cache at this moment.
   *
   * @return tokens, 0 or more
   */
  public int cachedTokens() {
    return cachedTokens;
  }

  /**
   * Cancels the generation that uses this sequence, if one does, and gives the blocks back as soon
   * as the engine thread gets to it. Does not block; idempotent.
   */
  @Override
  public void close() {
    closed = true;
    Task user = task.get();
    if (user != null) {
      user.cancel();
    }
    loop.release(this);
  }

  boolean isClosed() {
    return closed;
  }

  boolean belongsTo(SchedulerLoop other) {
    return loop == other;
  }

  /** Makes a task the user of this sequence; false if there is one already. */
  boolean claim(Task newUser) {
    return task.compareAndSet(null, newUser);
  }

  void unclaim() {
    task.set(null);
  }

  @Nullable Task user() {
    return task.get();
  }

  TokenHistory history() {
    return history;
  }

  /** Tokens whose K and V are in the cache: all of {@code history} before this index. */
  int computed() {
    return computed;
  }

  /** The next {@code count} tokens have been computed. */
  void advance(int count) {
    setComputed(computed + count);
  }

  private void setComputed(int tokens) {
    computed = tokens;
    cachedTokens = tokens;
  }

  int heldBlocks() {
    return blocks == null ? 0 : blocks.size();
  }

  MemorySegment blockTable() {
    return blocks == null ? MemorySegment.NULL : blocks.segment();
  }

  /** Tokens of this prompt that need not be computed; the last one must be, for its logits. */
  int reusable(int[] prompt) {
    return Math.min(Math.min(history.commonPrefix(prompt), computed), prompt.length - 1);
  }

  /**
   * Makes the history this prompt, keeping what it shares with the old one: cached tokens stay
   * cached, and every shared token keeps its role.
   */
  void adopt(int[] prompt, BlockPool pool) {
    int reused = reusable(prompt);
    int common = history.commonPrefix(prompt);
    history.truncate(common);
    history.appendPrompt(prompt, common);
    setComputed(reused);
    trim(pool);
  }

  void addBlock(int block) {
    if (blocks == null) {
      blocks = new OffHeapInts();
    }
    blocks.add(block);
  }

  /** Gives back the blocks that hold no computed token. */
  void trim(BlockPool pool) {
    if (blocks != null) {
      int needed = pool.blocksFor(computed);
      while (blocks.size() > needed) {
        pool.giveBack(blocks.removeLast());
      }
      if (needed == 0) {
        blocks.close();
        blocks = null;
      }
    }
  }

  /** Gives all blocks back; the history stays, to be computed again. */
  void evict(BlockPool pool) {
    setComputed(0);
    trim(pool);
  }
}
