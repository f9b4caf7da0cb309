package dev.qwq.weights;

import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A tensor where it lies.
 *
 * @param name its name; in a {@code ModelSource} the canonical one ({@code blk.0.attn_q.weight})
 * @param dtype the format of its elements
 * @param shape its dimensions, outermost first: (rows, cols) for a matrix, (n) for a vector
 * @param data its bytes, exactly {@code dtype.bytes(elements())} of them, of any alignment, read
 *     only; valid until its file is closed
 */
public record TensorInfo(String name, DType dtype, List<Long> shape, MemorySegment data) {
  /** Copies the shape and checks it against the data. */
  public TensorInfo {
    shape = List.copyOf(shape);
    long elements = product(shape);
    if (data.byteSize() != dtype.bytes(elements)) {
      throw new IllegalArgumentException(
          name + ": " + data.byteSize() + " bytes for " + dtype + " " + shape);
    }
  }

  /**
   * Returns the number of elements.
   *
   * @return the product of the dimensions
   */
  public long elements() {
    return product(shape);
  }

  /**
   * Returns the number of rows: 1 for a vector.
   *
   * @return the product of all dimensions but the innermost
   */
  public long rows() {
    return shape.isEmpty() ? 1 : product(shape.subList(0, shape.size() - 1));
  }

  /**
   * Returns the length of a row.
   *
   * @return the innermost dimension
   */
  public long cols() {
    return shape.isEmpty() ? 1 : shape.getLast();
  }

  /**
   * Returns the size of the data.
   *
   * @return its size in bytes
   */
  public long bytes() {
    return data.byteSize();
  }

  /**
   * Returns the same tensor under another name.
   *
   * @param other the name
   * @return a tensor that shares this one's data
   */
  public TensorInfo withName(String other) {
    return new TensorInfo(other, dtype, shape, data);
  }

  private static long product(List<Long> dimensions) {
    long product = 1;
    for (long dimension : dimensions) {
      product = Math.multiplyExact(product, dimension);
    }
    return product;
  }
}
