package dev.qwq;

/** What computes. */
public enum Backend {
  /** Scalar code in double precision: slow, and what the others are checked against. */
  REFERENCE,
  /** The processor's vector units. */
  CPU,
  /**
   * A CUDA device, or a simulated one. Needs a library of its own beside the native library, which
   * no package contains yet; results are those of {@link #CPU}.
   */
  CUDA
}
