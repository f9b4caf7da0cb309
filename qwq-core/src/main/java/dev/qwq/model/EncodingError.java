package dev.qwq.model;

/**
 * How far encoded values are from those they were made of.
 *
 * @param squaredError the sum of the squares of the differences
 * @param squaredSource the sum of the squares of the values
 * @param largest the largest difference, not negative
 */
public record EncodingError(double squaredError, double squaredSource, double largest) {
  /** Of values that were kept exactly, or of none. */
  public static final EncodingError NONE = new EncodingError(0, 0, 0);

  /**
   * Returns the error of both together.
   *
   * @param other that of other values
   * @return the sum
   */
  public EncodingError plus(EncodingError other) {
    return new EncodingError(
        squaredError + other.squaredError,
        squaredSource + other.squaredSource,
        Math.max(largest, other.largest));
  }

  /**
   * Returns the root of the mean squared difference, divided by that of the values.
   *
   * @return 0 for exact values, about 1 for values of no relation
   */
  public double relative() {
    return squaredError == 0 ? 0 : Math.sqrt(squaredError / squaredSource);
  }
}
