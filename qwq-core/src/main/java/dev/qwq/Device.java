package dev.qwq;

import dev.qwq.engine.NativeDevices;
import java.util.Objects;
import java.util.Optional;

/**
 * A device that the {@link Backend#CUDA} backend can compute on, or why it cannot.
 *
 * @param name what {@link ModelOptions.Builder#cudaDevice} takes: {@code 0}, {@code 1} and so on,
 *     or the name of a simulated device
 * @param title what the device calls itself, such as {@code NVIDIA GeForce RTX 4090}
 * @param computeCapability such as {@code 8.9}; empty for simulated devices
 * @param multiprocessors how many of them it has
 * @param totalBytes its memory
 * @param freeBytes memory that a model of this process could take when the device was asked,
 *     without what CUDA itself needs; 0 if the device cannot be used
 * @param problem why it cannot be used, a sentence; empty if it can be
 */
public record Device(
    String name,
    String title,
    Optional<String> computeCapability,
    int multiprocessors,
    long totalBytes,
    long freeBytes,
    Optional<String> problem) {

  /**
   * Asks a device. Takes some 100 ms.
   *
   * @param name {@code 0}, {@code 1} and so on, {@code sim} for a simulated device of 24 GiB,
   *     {@code sim:12GiB} or {@code sim:512MiB} for one of that size
   * @return what it is
   * @throws QwqException with {@code INVALID_ARGUMENT} if no device can have this name, {@code
   *     UNSUPPORTED_BACKEND} and the reason if there is none of this name, {@code NATIVE_LIBRARY}
   *     if there is no native library for this machine
   */
  public static Device of(String name) {
    return NativeDevices.device(Objects.requireNonNull(name, "name"));
  }

  /**
   * Tells whether models can compute on this device.
   *
   * @return whether there is no {@link #problem}
   */
  public boolean isUsable() {
    return problem.isEmpty();
  }
}
