package dev.qwq.engine;

import dev.qwq.nativelib.ffi.Qwq;

/** Which implementation of the operators computes. */
public enum BackendKind {
  /** Scalar code with double accumulation: slow, and what the others are measured against. */
  REFERENCE(Qwq.QWQ_BACKEND_REFERENCE()),
  /** Vector code for this processor. */
  CPU(Qwq.QWQ_BACKEND_CPU()),
  /** A CUDA device, from a library of its own. */
  CUDA(Qwq.QWQ_BACKEND_CUDA());

  private final int nativeValue;

  BackendKind(int nativeValue) {
    this.nativeValue = nativeValue;
  }

  /** The value of {@code enum qwq_backend}. */
  int nativeValue() {
    return nativeValue;
  }
}
