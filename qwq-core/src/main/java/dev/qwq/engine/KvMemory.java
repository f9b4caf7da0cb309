package dev.qwq.engine;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.IntConsumer;

/**
 * Which sequence has which KV blocks: what a sequence computed and still finds when it runs again,
 * what it finds because another one computed the same, and what it must copy before it writes.
 */
final class KvMemory {
  /** Copies what one block holds into another. */
  interface Copier {
    void copyBlock(int from, int to);
  }

  private final BlockPool pool;
  private final Copier copier;
  private final BlockKey.Hasher hasher;
  private final int blockSize;
  private final Set<KvSequence> holders = new HashSet<>(); // all that may have a block table
  private final Set<KvSequence> lent = new HashSet<>();
  private long copies;
  private long hits;

  KvMemory(BlockPool pool, Copier copier) {
    this.pool = pool;
    this.copier = copier;
    blockSize = pool.blockSize();
    hasher = new BlockKey.Hasher(blockSize);
  }

  BlockPool pool() {
    return pool;
  }

  /** How many blocks were copied because two sequences went on from them. */
  long copies() {
    return copies;
  }

  /** How many blocks were found that another sequence, or an earlier one, had computed. */
  long hits() {
    return hits;
  }

  /**
   * Makes a sequence's history this prompt, whose tokens from {@code generatedFrom} on are
   * generated ones. Cached tokens of the common beginning stay cached. The sequence is not
   * attached.
   */
  void adopt(KvSequence sequence, int[] prompt, int generatedFrom) {
    int reused = sequence.reusable(prompt);
    sequence.replaceHistory(prompt, generatedFrom, blockSize);
    sequence.setComputed(reused);
    trim(sequence);
  }

  /** The sequence is going to run: pins what is left of its blocks. */
  void attach(KvSequence sequence) {
    holders.add(sequence);
    int pinned = 0;
    while (pinned < sequence.heldBlocks()
        && pool.pin(sequence.block(pinned), sequence.epoch(pinned))) {
      pinned++;
    }
    sequence.setComputed(Math.min(sequence.computed(), pinned * blockSize));
    while (sequence.heldBlocks() > pinned) {
      releaseLast(sequence);
    }
    sequence.setAttached(true);
  }

  /**
   * Goes on with blocks that hold what the sequence would compute next. The history's last token is
   * never among what is computed then: its logits are wanted.
   */
  void extend(KvSequence sequence) {
    int size = sequence.history().size();
    while (isAtBlock(sequence) && sequence.computed() + blockSize <= size) {
      int block = pool.find(nextKey(sequence));
      if (block < 0) {
        return;
      }
      use(block, sequence);
      sequence.setComputed(Math.min(sequence.computed() + blockSize, size - 1));
    }
  }

  private void use(int block, KvSequence sequence) {
    int epoch = pool.epoch(block);
    pool.pin(block, epoch);
    pool.share(block, blockSize);
    sequence.addBlock(block, epoch);
    hits++;
  }

  /** True if the next token is the first of a block, and the sequence has none for it yet. */
  boolean isAtBlock(KvSequence sequence) {
    return sequence.heldBlocks() * blockSize == sequence.computed();
  }

  /** The key of the block that the next token is in, which is full in the history. */
  BlockKey nextKey(KvSequence sequence) {
    return sequence.key(sequence.computed() / blockSize, hasher, blockSize);
  }

  /** The sequence stops running: its blocks may be given away from now on, the last ones first. */
  void detach(KvSequence sequence) {
    if (!sequence.isAttached()) {
      return;
    }
    sequence.setAttached(false);
    int needed = pool.blocksFor(sequence.computed());
    while (sequence.heldBlocks() > needed) {
      pool.discard(sequence.block(sequence.heldBlocks() - 1));
      sequence.removeLastBlock();
    }
    for (int i = needed - 1; i >= 0; i--) {
      pool.unpin(sequence.block(i));
    }
  }

  /** Attaches a sequence that does not run: its blocks are being read or written from outside. */
  void lend(KvSequence sequence) {
    if (lent.add(sequence)) {
      attach(sequence);
    }
  }

  /** Ends what {@link #lend} began. */
  void takeBack(KvSequence sequence) {
    lent.remove(sequence);
    detach(sequence);
  }

  /** True if blocks are pinned that no running task has. */
  boolean isLent() {
    return !lent.isEmpty();
  }

  /** Gives all blocks back. Those that are published stay until others need the room. */
  void close(KvSequence sequence) {
    detach(sequence);
    sequence.setComputed(0);
    trim(sequence);
    holders.remove(sequence);
  }

  /** Gives the blocks of every sequence back, and those that were kept. */
  void closeAll() {
    List.copyOf(holders).forEach(this::close);
    pool.forgetKept();
  }

  /** Forgets everything about a sequence, as what it computed last is not to be trusted. */
  void reset(KvSequence sequence) {
    close(sequence);
    sequence.truncateHistory(0, blockSize);
  }

  /** Drops the blocks that hold no computed token; not attached. */
  private void trim(KvSequence sequence) {
    int needed = pool.blocksFor(sequence.computed());
    while (sequence.heldBlocks() > needed) {
      releaseLast(sequence);
    }
  }

  private void releaseLast(KvSequence sequence) {
    int last = sequence.heldBlocks() - 1;
    pool.release(sequence.block(last), sequence.epoch(last), sequence);
    sequence.removeLastBlock();
  }

  /**
   * Makes an attached sequence the only one that writes the block of its next token: that block is
   * copied if others read it, or, where there is no room for a copy, left to them and computed
   * anew.
   */
  void makeWritable(KvSequence sequence) {
    int offset = sequence.computed() % blockSize;
    int index = sequence.computed() / blockSize;
    if (offset == 0) {
      return;
    }
    int block = sequence.block(index);
    if (pool.isWritable(block, offset, sequence)) {
      pool.unpublish(block);
    } else if (pool.obtainable() > 0) {
      copyOnWrite(sequence, index);
    } else {
      sequence.setComputed(index * blockSize);
      while (sequence.heldBlocks() > index) {
        pool.unpin(sequence.block(sequence.heldBlocks() - 1));
        sequence.removeLastBlock();
      }
    }
  }

  /** True if there are blocks for this many tokens of an attached sequence. */
  boolean canCover(KvSequence sequence, int tokens) {
    return pool.blocksFor(tokens) - sequence.heldBlocks() <= pool.obtainable();
  }

  /**
   * Gives an attached sequence blocks for this many tokens, which it may write from the next token
   * on; false if there are not enough. The block of the next token is writable already.
   */
  boolean cover(KvSequence sequence, int tokens) {
    if (!canCover(sequence, tokens)) {
      return false;
    }
    while (sequence.heldBlocks() < pool.blocksFor(tokens)) {
      int block = pool.take(sequence);
      sequence.addBlock(block, pool.epoch(block));
    }
    return true;
  }

  private void copyOnWrite(KvSequence sequence, int index) {
    int from = sequence.block(index);
    int to = pool.take(sequence);
    copier.copyBlock(from, to);
    copies++;
    sequence.setBlock(index, to, pool.epoch(to));
    pool.unpin(from);
  }

  /** The sequence's next {@code count} tokens have been computed. */
  void advance(KvSequence sequence, int count) {
    int before = sequence.computed() / blockSize;
    sequence.setComputed(sequence.computed() + count);
    for (int i = before; i < sequence.computed() / blockSize && !sequence.isForeign(); i++) {
      publish(sequence, i);
    }
  }

  private void publish(KvSequence sequence, int index) {
    BlockKey key = sequence.key(index, hasher, blockSize);
    int block = sequence.block(index);
    int known = pool.find(key);
    if (known < 0) {
      pool.publish(block, key);
    } else if (known != block) {
      // Computed by another at the same time: one of the two is enough.
      int epoch = pool.epoch(known);
      pool.pin(known, epoch);
      pool.share(known, blockSize);
      sequence.setBlock(index, known, epoch);
      pool.discard(block);
    }
  }

  /**
   * Gives an attached sequence, whose history is complete, its next block as somebody else has
   * computed it; false if there is no block to be had.
   *
   * @param tokens how many of its tokens the block holds, from the first on
   */
  boolean adoptForeignBlock(KvSequence sequence, int tokens, IntConsumer writer) {
    if (pool.obtainable() == 0) {
      return false;
    }
    int block = pool.take(sequence);
    sequence.addBlock(block, pool.epoch(block));
    writer.accept(block);
    sequence.setComputed(sequence.computed() + tokens);
    sequence.setForeign(true);
    return true;
  }

  /** Makes an empty sequence hold what another one does. */
  void fork(KvSequence parent, KvSequence child) {
    holders.add(child);
    child.setForeign(parent.isForeign());
    child.history().copyFrom(parent.history());
    int blocks = pool.blocksFor(parent.computed());
    for (int i = 0; i < blocks && pool.epoch(parent.block(i)) == parent.epoch(i); i++) {
      int held = Math.min(blockSize, parent.computed() - i * blockSize);
      pool.share(parent.block(i), held);
      child.addBlock(parent.block(i), parent.epoch(i));
      child.setComputed(i * blockSize + held);
    }
  }
}
