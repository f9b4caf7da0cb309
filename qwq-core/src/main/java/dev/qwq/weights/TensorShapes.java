package dev.qwq.weights;

import dev.qwq.MalformedFileException;
import java.nio.file.Path;
import java.util.List;

/** Checks of declared shapes, before any of their numbers is used. */
final class TensorShapes {
  private TensorShapes() {}

  /** Insists on a name that messages can carry as it is. */
  static void checkName(Path file, String field, String name) {
    if (name.isEmpty() || !Excerpt.of(name).equals(name)) {
      throw new MalformedFileException(
          file, field, "a name of up to 120 printable characters", "\"" + Excerpt.of(name) + "\"");
    }
  }

  /**
   * Returns the size of a tensor in bytes; every dimension is positive and no product overflows.
   */
  static long bytes(Path file, String name, DType dtype, List<Long> shape) {
    long elements = 1;
    for (long dimension : shape) {
      if (dimension < 1 || dimension > Long.MAX_VALUE / elements) {
        throw absurd(file, name, shape);
      }
      elements *= dimension;
    }
    long cols = shape.isEmpty() ? 1 : shape.getLast();
    if (cols % dtype.blockElements() != 0) {
      throw new MalformedFileException(
          file,
          name,
          "rows of a multiple of " + dtype.blockElements() + " elements, as " + dtype + " has",
          "rows of " + cols);
    }
    try {
      return dtype.bytes(elements);
    } catch (ArithmeticException e) {
      throw absurd(file, name, shape);
    }
  }

  private static MalformedFileException absurd(Path file, String name, List<Long> shape) {
    return new MalformedFileException(
        file,
        name + " shape",
        "positive dimensions whose product fits 63 bits",
        shape.stream().map(Long::toUnsignedString).toList().toString());
  }
}
