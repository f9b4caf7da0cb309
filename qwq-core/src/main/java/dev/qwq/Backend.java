package dev.qwq;

/** What computes. */
public enum Backend {
  /** Scalar code in double precision: slow, and what the others are checked against. */
  REFERENCE,
  /** The processor's vector units. */
  CPU,
  /**
   * A CUDA device, or a simulated one. Needs the artifact {@code dev.qwq:qwq-native-cuda}; {@link
   * Devices} says why a device cannot be used. Results are those of {@link #CPU}.
   */
  CUDA
}
