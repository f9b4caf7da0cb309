package dev.qwq.engine;

import java.util.LinkedHashSet;

/**
 * Who holds which KV blocks: the free ones, and those of idle sequences, which are taken away, the
 * least recently used first, when free ones run out.
 */
final class KvMemory {
  private final BlockPool pool;
  // Sequences with blocks that no running task uses, the least recently used first.
  private final LinkedHashSet<KvSequence> idle = new LinkedHashSet<>();
  private int idleBlocks;
  private long evictions;

  KvMemory(BlockPool pool) {
    this.pool = pool;
  }

  BlockPool pool() {
    return pool;
  }

  /** Blocks that a running task could get. */
  int obtainable() {
    return pool.available() + idleBlocks;
  }

  /** How many times an idle sequence lost its blocks. */
  long evictions() {
    return evictions;
  }

  /** The sequence's user has ended: its blocks may be taken from now on. */
  void idle(KvSequence sequence) {
    sequence.trim(pool);
    if (sequence.heldBlocks() > 0 && idle.add(sequence)) {
      idleBlocks += sequence.heldBlocks();
    }
  }

  /** The sequence gets a running user: its blocks are its own. */
  void busy(KvSequence sequence) {
    if (idle.remove(sequence)) {
      idleBlocks -= sequence.heldBlocks();
    }
  }

  /** Frees all blocks of a sequence. */
  void free(KvSequence sequence) {
    busy(sequence);
    sequence.evict(pool);
  }

  /** Frees the blocks of every idle sequence. */
  void freeIdle() {
    while (!idle.isEmpty()) {
      free(idle.getFirst());
    }
  }

  /** Gives a busy sequence blocks for this many tokens; false if there are not enough. */
  boolean cover(KvSequence sequence, int tokens) {
    int missing = pool.blocksFor(tokens) - sequence.heldBlocks();
    if (missing > obtainable()) {
      return false;
    }
    for (; missing > 0; missing--) {
      if (pool.available() == 0) {
        evictOne();
      }
      sequence.addBlock(pool.take());
    }
    return true;
  }

  private void evictOne() {
    evictions++;
    KvSequence victim = null;
    for (KvSequence sequence : idle) {
      // One that waits for its turn will need its blocks soonest.
      if (sequence.user() == null) {
        victim = sequence;
        break;
      }
    }
    free(victim != null ? victim : idle.getFirst());
  }
}
