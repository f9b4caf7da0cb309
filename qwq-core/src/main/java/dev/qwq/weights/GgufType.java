package dev.qwq.weights;

import org.jspecify.annotations.Nullable;

/** The types of metadata values; the ids are those of the format. */
enum GgufType {
  UINT8(0, 1),
  INT8(1, 1),
  UINT16(2, 2),
  INT16(3, 2),
  UINT32(4, 4),
  INT32(5, 4),
  FLOAT32(6, 4),
  BOOL(7, 1),
  STRING(8, 8),
  ARRAY(9, 12),
  UINT64(10, 8),
  INT64(11, 8),
  FLOAT64(12, 8);

  private static final GgufType[] BY_ID = values();

  private final int id;
  private final int minBytes;

  GgufType(int id, int minBytes) {
    this.id = id;
    this.minBytes = minBytes;
  }

  static @Nullable GgufType ofId(int id) {
    return id >= 0 && id < BY_ID.length ? BY_ID[id] : null;
  }

  int id() {
    return id;
  }

  /** Bytes a value takes at least, and exactly if it is a scalar. */
  int minBytes() {
    return minBytes;
  }
}
