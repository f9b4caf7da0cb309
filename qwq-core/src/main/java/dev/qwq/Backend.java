package dev.qwq;

/** What computes. */
public enum Backend {
  /** Scalar code in double precision: slow, and what the others are checked against. */
  REFERENCE,
  /** The processor's vector units. */
  CPU
}
