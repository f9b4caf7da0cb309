package dev.qwq.engine;

import java.lang.foreign.MemorySegment;

/** A model of which a test only steps: it has no KV blocks to move. */
abstract class StepOnly implements Stepper {
  @Override
  public void copyBlock(int from, int to) {
    throw new AssertionError("nothing is shared");
  }

  @Override
  public long blockBytes() {
    return 1;
  }

  @Override
  public void readBlock(int block, MemorySegment destination) {
    throw new AssertionError("nothing is saved");
  }

  @Override
  public void writeBlock(int block, MemorySegment source) {
    throw new AssertionError("nothing is restored");
  }
}
