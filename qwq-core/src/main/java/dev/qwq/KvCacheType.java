package dev.qwq;

/**
 * How the KV cache keeps what the model has read. It decides how long a context fits the memory.
 *
 * <p>A token takes {@code 2 * layers * kvHeads * headDim} elements: 131,072 for QwQ-32B.
 */
public enum KvCacheType {
  /** 16 bits an element: 256 KiB a token of QwQ-32B. */
  F16,
  /**
   * 8 bits an element and a 16-bit scale for each 32, 8.5 bits together: 136 KiB a token of
   * QwQ-32B. An element is off by at most 1/254 of the largest of its 32, about as much as Q8_0
   * weights are. The width of a head must be a multiple of 32. The tokens drawn are not those of
   * {@link #F16}, but as reproducible.
   */
  Q8_0
}
