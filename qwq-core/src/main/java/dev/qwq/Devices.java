package dev.qwq;

import dev.qwq.engine.NativeDevices;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The CUDA devices of this machine, and why there are none.
 *
 * @param library the library with the CUDA kernels, where it is or should be
 * @param libraryOpened whether it is there, can be opened and is of this version of qwq; where it
 *     is not, nothing is known of driver and devices
 * @param driverVersion the CUDA version that the installed driver supports, such as {@code 13.0};
 *     empty without a driver
 * @param runtimeVersion the CUDA version that the library was built with
 * @param all every device that the driver shows, usable or not, by number
 * @param problem why no device can be used, a sentence; empty if one can be
 */
public record Devices(
    Path library,
    boolean libraryOpened,
    Optional<String> driverVersion,
    Optional<String> runtimeVersion,
    List<Device> all,
    Optional<String> problem) {

  /** Makes the list immutable. */
  public Devices {
    all = List.copyOf(all);
  }

  /**
   * Looks for devices. Takes some 100 ms for each. That there are none is no error.
   *
   * @return what was found
   * @throws QwqException with {@code NATIVE_LIBRARY} if there is no native library for this machine
   */
  public static Devices find() {
    return NativeDevices.find();
  }

  /**
   * Returns the devices that models can compute on.
   *
   * @return those without a problem, by number
   */
  public List<Device> usable() {
    return all.stream().filter(Device::isUsable).toList();
  }
}
