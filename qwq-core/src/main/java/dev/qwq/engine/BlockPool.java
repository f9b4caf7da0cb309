package dev.qwq.engine;

/** The KV blocks that no sequence holds. Last freed, first taken: those are warm in the caches. */
final class BlockPool {
  private final int[] free;
  private final int blockSize;
  private int available;

  BlockPool(int blocks, int blockSize) {
    this.blockSize = blockSize;
    free = new int[blocks];
    for (int i = 0; i < blocks; i++) {
      free[i] = blocks - 1 - i;
    }
    available = blocks;
  }

  /** How many blocks hold this many tokens. */
  int blocksFor(int tokens) {
    return Math.ceilDiv(tokens, blockSize);
  }

  int available() {
    return available;
  }

  int size() {
    return free.length;
  }

  int blockSize() {
    return blockSize;
  }

  /** Takes a block; one must be available. */
  int take() {
    return free[--available];
  }

  void giveBack(int block) {
    free[available++] = block;
  }
}
