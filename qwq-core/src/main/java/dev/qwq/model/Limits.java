package dev.qwq.model;

/**
 * Bounds of hyper-parameters: far above any model, low enough that no product of them overflows.
 */
final class Limits {
  static final int LAYERS = 1 << 12;
  static final int WIDTH = 1 << 22;
  static final int HEADS = 1 << 14;
  static final int HEAD_DIM = 1 << 14;
  static final int VOCABULARY = 1 << 24;
  static final int CONTEXT = Integer.MAX_VALUE;

  /** The least positive float that is no denormal: below, 1/sqrt overflows. */
  static final double MIN_EPS = Float.MIN_NORMAL;

  static final double MAX_EPS = 1;
  static final double MIN_THETA = 1;
  static final double MAX_THETA = 1e30;
  static final double MAX_FACTOR = 1e6;

  private Limits() {}
}
