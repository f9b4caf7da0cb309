package dev.qwq.engine;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The KV blocks. A block is free, in use (pinned by one or more sequences that run), or kept:
 * nobody runs on it, but what it holds may be wanted again. Kept blocks are given away, the least
 * recently used first, when free ones run out; each such change of what a block holds gives it a
 * new epoch, so that a sequence can tell whether its blocks are still what they were.
 *
 * <p>Full blocks can be published: others find them by what they hold. A block may be in several
 * block tables then. Only its owner writes to it, and only behind the tokens that others rely on.
 */
final class BlockPool {
  private static final int NONE = -1;

  private final int blockSize;
  private final int[] free;
  private int freeCount;

  private final int[] pins;
  private final int[] epochs;
  private final int[] shared; // how many of the first tokens others than the owner rely on
  private final @Nullable KvSequence[] owners;
  private final @Nullable BlockKey[] keys;
  private final Map<BlockKey, Integer> published = new HashMap<>();

  // The kept blocks as a ring, the least recently used first; the last index is the ring's head.
  private final int[] next;
  private final int[] previous;
  private int keptCount;
  private long evictions;

  BlockPool(int blocks, int blockSize) {
    this.blockSize = blockSize;
    free = new int[blocks];
    for (int i = 0; i < blocks; i++) {
      free[i] = blocks - 1 - i;
    }
    freeCount = blocks;
    pins = new int[blocks];
    epochs = new int[blocks];
    shared = new int[blocks];
    owners = new KvSequence[blocks];
    keys = new BlockKey[blocks];
    next = new int[blocks + 1];
    previous = new int[blocks + 1];
    Arrays.fill(next, NONE);
    next[blocks] = blocks;
    previous[blocks] = blocks;
  }

  /** How many blocks hold this many tokens. */
  int blocksFor(int tokens) {
    return Math.ceilDiv(tokens, blockSize);
  }

  int size() {
    return free.length;
  }

  int blockSize() {
    return blockSize;
  }

  /** Blocks that {@link #take} could give: the free and the kept ones. */
  int obtainable() {
    return freeCount + keptCount;
  }

  /** Blocks that hold something nobody is using now. */
  int kept() {
    return keptCount;
  }

  /** How many blocks lost what they held because free ones had run out. */
  long evictions() {
    return evictions;
  }

  /** Takes a block, pinned, for its new owner to write; one must be obtainable. */
  int take(KvSequence owner) {
    if (freeCount == 0) {
      evictions++;
      forget(next[size()]);
    }
    int block = free[--freeCount];
    pins[block] = 1;
    owners[block] = owner;
    return block;
  }

  /** Changes whenever a block stops holding what it held. */
  int epoch(int block) {
    return epochs[block];
  }

  /** Pins a block for another sequence that runs; false if it no longer holds what it did then. */
  boolean pin(int block, int epoch) {
    if (epochs[block] != epoch) {
      return false;
    }
    if (pins[block]++ == 0) {
      unlink(block);
    }
    return true;
  }

  /** Takes a pin back; a block without any is kept, as the most recently used. */
  void unpin(int block) {
    if (--pins[block] == 0) {
      keep(block);
    }
  }

  /**
   * Ends a sequence's interest in a block that it has not pinned. The block is free if nobody else
   * could want what it holds.
   */
  void release(int block, int epoch, KvSequence sequence) {
    if (epochs[block] != epoch || !isOwner(block, sequence)) {
      return;
    }
    if (pins[block] == 0 && shared[block] == 0 && keys[block] == null) {
      forget(block);
    } else {
      owners[block] = null;
    }
  }

  /** Gives a pinned block back whose content nobody wants, unless others have pinned it too. */
  void discard(int block) {
    unpin(block);
    if (pins[block] == 0) {
      forget(block);
    }
  }

  /** Others than the owner rely on the block's first tokens from now on. */
  void share(int block, int tokens) {
    shared[block] = Math.max(shared[block], tokens);
  }

  /**
   * True if a sequence that has pinned the block may write its token {@code offset} and those
   * behind.
   */
  boolean isWritable(int block, int offset, KvSequence sequence) {
    return isOwner(block, sequence) && offset >= shared[block];
  }

  private boolean isOwner(int block, KvSequence sequence) {
    KvSequence owner = owners[block];
    return owner != null && owner.equals(sequence);
  }

  /** Makes a full block known by what it holds. */
  void publish(int block, BlockKey key) {
    keys[block] = key;
    published.put(key, block);
  }

  /** Says that what a block holds is about to change. */
  void unpublish(int block) {
    BlockKey key = keys[block];
    if (key != null) {
      published.remove(key);
      keys[block] = null;
    }
  }

  /** The block that holds this, or -1. */
  int find(BlockKey key) {
    return published.getOrDefault(key, NONE);
  }

  /** Makes every kept block free. */
  void forgetKept() {
    while (keptCount > 0) {
      forget(next[size()]);
    }
  }

  private void forget(int block) {
    unlink(block);
    unpublish(block);
    epochs[block]++;
    shared[block] = 0;
    owners[block] = null;
    free[freeCount++] = block;
  }

  private void keep(int block) {
    int head = size();
    int last = previous[head];
    next[last] = block;
    previous[block] = last;
    next[block] = head;
    previous[head] = block;
    keptCount++;
  }

  private void unlink(int block) {
    next[previous[block]] = next[block];
    previous[next[block]] = previous[block];
    keptCount--;
  }
}
