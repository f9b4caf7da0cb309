package dev.qwq.engine;

/**
 * Consecutive layers that are computed in one place.
 *
 * @param device {@link #HOST} or the name of a device
 * @param layers how many, above 0
 */
record LayerRun(String device, int layers) {
  /** The processor. */
  static final String HOST = "cpu";

  boolean onHost() {
    return device.equals(HOST);
  }
}
