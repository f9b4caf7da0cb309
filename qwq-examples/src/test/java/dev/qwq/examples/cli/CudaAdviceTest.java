package dev.qwq.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qwq.Device;
import dev.qwq.Devices;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Machines as they are met, which the machine at hand is not. */
class CudaAdviceTest {
  private static final Optional<String> NO_DRIVER = Optional.empty();

  @TempDir Path folder;

  private Devices devices(
      boolean opened, @Nullable String driver, List<Device> all, @Nullable String problem) {
    return new Devices(
        folder.resolve("libqwq_cuda.so"),
        opened,
        Optional.ofNullable(driver),
        opened ? Optional.of("13.0") : Optional.empty(),
        all,
        Optional.ofNullable(problem));
  }

  private static Device device(String capability, long free, @Nullable String problem) {
    return new Device(
        "0", "GPU", Optional.of(capability), 80, 24L << 30, free, Optional.ofNullable(problem));
  }

  @Test
  void saysHowToGetTheLibrary() throws Exception {
    Devices devices = devices(false, null, List.of(), "cannot open");
    assertThat(CudaAdvice.of(devices, NO_DRIVER).orElseThrow())
        .contains("dev.qwq:qwq-native-cuda", "libqwq_cuda.so", "-DQWQ_CUDA=ON");
    Files.createFile(folder.resolve("libqwq_cuda.so"));
    assertThat(CudaAdvice.of(devices, NO_DRIVER).orElseThrow()).contains("damaged");
  }

  @Test
  void saysWhichDriverItTakes() {
    assertThat(CudaAdvice.of(devices(true, null, List.of(), "no driver"), NO_DRIVER).orElseThrow())
        .contains("install its driver, r580 or newer");
    assertThat(
            CudaAdvice.of(devices(true, null, List.of(), "no driver"), Optional.of("580.65.06"))
                .orElseThrow())
        .contains("580.65.06", "--gpus all");
    assertThat(
            CudaAdvice.of(
                    devices(true, "12.4", List.of(), "12.4, but 13.0 is needed"),
                    Optional.of("550.54.15"))
                .orElseThrow())
        .isEqualTo("Install NVIDIA's driver r580 or newer; now it is 550.54.15.");
    // Another minor version is compatible: then the reason is another one.
    assertThat(
            CudaAdvice.of(devices(true, "13.1", List.of(), "no device"), NO_DRIVER).orElseThrow())
        .contains("nvidia-smi", "CUDA_VISIBLE_DEVICES");
  }

  @Test
  void saysWhyADeviceIsNotUsed() {
    assertThat(
            CudaAdvice.of(
                    device(
                        "6.1",
                        0,
                        "its compute capability is 6.1, but 7.5 is the least that is"
                            + " supported"))
                .orElseThrow())
        .contains("Turing");
    assertThat(
            CudaAdvice.of(
                    device("11.0", 0, "the library has no kernels for compute capability 11.0"))
                .orElseThrow())
        .contains("-DQWQ_CUDA_ARCHITECTURES=110.");
    assertThat(CudaAdvice.of(device("8.9", 0, "CUDA cannot use it: busy")).orElseThrow())
        .contains("nvidia-smi");
    assertThat(CudaAdvice.of(device("8.9", 300L << 20, null)).orElseThrow()).contains("memory");
  }

  @Test
  void saysNothingWhereAllIsWell() {
    Device device = device("8.9", 23L << 30, null);
    assertThat(CudaAdvice.of(device)).isEmpty();
    assertThat(CudaAdvice.of(devices(true, "13.0", List.of(device), null), NO_DRIVER)).isEmpty();
  }

  @Test
  void readsTheKernelsDriver() {
    assertThat(
            CudaAdvice.kernelDriver(
                "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release Build "
                    + " (dvs-builder@U22)  Sun Jul 27 06:54:38 UTC 2025\n"
                    + "GCC version:  gcc 12.3.0\n"))
        .hasValue("580.65.06");
    assertThat(
            CudaAdvice.kernelDriver(
                "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.120  Fri Sep 13 10:10:01 UTC"
                    + " 2024\n"))
        .hasValue("550.120");
    assertThat(CudaAdvice.kernelDriver("something else")).isEmpty();
  }
}
