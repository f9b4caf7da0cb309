package dev.qwq.bench.peers;

/** Names of what is measured, and how to read them. */
final class Figure {
  static final String OPEN = "open, s";
  static final String DECODE = "decode, tokens/s";
  static final String MEMORY = "peak memory, bytes";
  static final String BATCH_MEMORY = "peak memory with batch, bytes";

  private Figure() {}

  static String prefill(int tokens) {
    return "prefill " + tokens + ", tokens/s";
  }

  static String batch(int sequences) {
    return "decode " + sequences + " sequences, tokens/s";
  }

  /** Whether more is better. */
  static boolean isSpeed(String figure) {
    return figure.endsWith("tokens/s");
  }

  static boolean isBytes(String figure) {
    return figure.endsWith("bytes");
  }
}
