package dev.qwq.examples.cli;

import dev.qwq.Device;
import dev.qwq.Devices;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What would help where a device is not used. */
final class CudaAdvice {
  /** NVIDIA's drivers from this release on support CUDA 13. */
  private static final String LEAST_DRIVER = "r580";

  private static final long LITTLE_MEMORY = 1L << 30;

  private CudaAdvice() {}

  /**
   * Says what would help this machine.
   *
   * @param kernelDriver version of the driver in the kernel, if there is one
   */
  static Optional<String> of(Devices devices, Optional<String> kernelDriver) {
    if (devices.problem().isEmpty()) {
      return Optional.empty();
    }
    if (!devices.libraryOpened()) {
      return Optional.of(
          Files.exists(devices.library())
              ? "That library is damaged or of another version of qwq: take the one of this"
                  + " version."
              : "To use an NVIDIA GPU, add the artifact dev.qwq:qwq-native-cuda to the class path"
                  + " or the"
                  + " module path, or put %s beside %s (cmake -DQWQ_CUDA=ON builds it)."
                      .formatted(devices.library().getFileName(), System.mapLibraryName("qwq")));
    }
    if (devices.driverVersion().isEmpty()) {
      return Optional.of(
          kernelDriver
              .map(
                  version ->
                      "The kernel has NVIDIA's driver "
                          + version
                          + ", but this process does not see libcuda.so.1: in a container, start it"
                          + " with --gpus all and NVIDIA's container toolkit.")
              .orElse(
                  "If this machine has an NVIDIA GPU, install its driver, "
                      + LEAST_DRIVER
                      + " or newer."));
    }
    if (isTooOld(devices)) {
      return Optional.of(
          "Install NVIDIA's driver %s or newer%s."
              .formatted(
                  LEAST_DRIVER, kernelDriver.map(version -> "; now it is " + version).orElse("")));
    }
    return devices.all().isEmpty()
        ? Optional.of(
            "See whether nvidia-smi shows a device, and whether CUDA_VISIBLE_DEVICES hides it.")
        : Optional.empty();
  }

  private static boolean isTooOld(Devices devices) {
    return major(devices.driverVersion().orElseThrow())
        < major(devices.runtimeVersion().orElseThrow());
  }

  private static int major(String version) {
    return Integer.parseInt(version.split("\\.", 2)[0]);
  }

  /** Says what would help a device. */
  static Optional<String> of(Device device) {
    if (device.problem().isPresent()) {
      String problem = device.problem().get();
      if (problem.contains("compute capability")) {
        return Optional.of(
            problem.contains("least")
                ? "Models run on the processor instead; GPUs since Turing (GTX 16, RTX 20, T4) can"
                    + " be used."
                : "Build libqwq_cuda.so for it: cmake -DQWQ_CUDA=ON -DQWQ_CUDA_ARCHITECTURES="
                    + device.computeCapability().orElse("").replace(".", "")
                    + ".");
      }
      return Optional.of("See what nvidia-smi says of it.");
    }
    return device.freeBytes() < LITTLE_MEMORY
        ? Optional.of("Little of its memory is free: nvidia-smi tells who has it.")
        : Optional.empty();
  }

  /** Returns the version of the driver that the kernel has loaded. */
  static Optional<String> kernelDriver() {
    try {
      return kernelDriver(Files.readString(Path.of("/proc/driver/nvidia/version")));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Reads {@code NVRM version: NVIDIA UNIX Open Kernel Module for x86_64 580.65.06 Release …}. */
  static Optional<String> kernelDriver(String text) {
    Matcher version =
        Pattern.compile("NVRM version:.*?\\s(\\d+\\.\\d+(?:\\.\\d+)?)\\s").matcher(text);
    return version.find() ? Optional.of(version.group(1)) : Optional.empty();
  }
}
