package dev.qwq.engine;

import dev.qwq.Device;
import dev.qwq.Devices;
import dev.qwq.InstructionSet;
import dev.qwq.nativelib.ffi.Qwq;
import dev.qwq.nativelib.ffi.qwq_cpu_isa;
import dev.qwq.nativelib.ffi.qwq_cuda;
import dev.qwq.nativelib.ffi.qwq_device;
import dev.qwq.nativelib.ffi.qwq_error;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** What the native library says of the machine. */
public final class NativeDevices {
  private NativeDevices() {}

  /**
   * Implements {@link Devices#find()}.
   *
   * @return what was found
   */
  public static Devices find() {
    NativeCalls.loadLibrary();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment error = qwq_error.allocate(arena);
      MemorySegment cuda = qwq_cuda.allocate(arena);
      NativeCalls.check(Qwq.qwq_cuda_get(cuda, error), error);
      List<Device> devices = new ArrayList<>();
      for (int i = 0; i < qwq_cuda.n_devices(cuda); i++) {
        devices.add(device(String.valueOf(i)));
      }
      return new Devices(
          Path.of(qwq_cuda.library(cuda).getString(0)),
          qwq_cuda.opened(cuda) != 0,
          version(qwq_cuda.driver_version(cuda)),
          version(qwq_cuda.runtime_version(cuda)),
          devices,
          text(qwq_cuda.problem(cuda)).or(() -> problem(devices)));
    }
  }

  private static Optional<String> problem(List<Device> devices) {
    return devices.stream().anyMatch(Device::isUsable)
        ? Optional.empty()
        : Optional.of(
            devices.stream()
                .map(d -> d.name() + " (" + d.title() + "): " + d.problem().orElseThrow())
                .collect(Collectors.joining("; ", "no device can be used: ", "")));
  }

  /**
   * Implements {@link Device#of}.
   *
   * @param name the device's name
   * @return what it is
   */
  public static Device device(String name) {
    NativeCalls.loadLibrary();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment error = qwq_error.allocate(arena);
      MemorySegment device = qwq_device.allocate(arena);
      NativeCalls.check(Qwq.qwq_device_get(arena.allocateFrom(name), device, error), error);
      int capability = qwq_device.compute_capability(device);
      return new Device(
          qwq_device.name(device).getString(0),
          qwq_device.title(device).getString(0),
          capability == 0 ? Optional.empty() : Optional.of(capability / 10 + "." + capability % 10),
          qwq_device.n_multiprocessors(device),
          qwq_device.total_memory(device),
          qwq_device.free_memory(device),
          text(qwq_device.problem(device)));
    }
  }

  /**
   * Implements {@link InstructionSet#all()}.
   *
   * @return all instruction sets, the best ones last
   */
  public static List<InstructionSet> instructionSets() {
    NativeCalls.loadLibrary();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment error = qwq_error.allocate(arena);
      MemorySegment isa = qwq_cpu_isa.allocate(arena);
      List<InstructionSet> all = new ArrayList<>();
      for (int i = 0; i < Qwq.qwq_cpu_isa_count(); i++) {
        NativeCalls.check(Qwq.qwq_cpu_isa_get(i, isa, error), error);
        all.add(
            new InstructionSet(
                qwq_cpu_isa.name(isa).getString(0),
                qwq_cpu_isa.compiled(isa) != 0,
                qwq_cpu_isa.cpu_has(isa) != 0,
                qwq_cpu_isa.os_enabled(isa) != 0));
      }
      return all;
    }
  }

  private static Optional<String> text(MemorySegment string) {
    String text = string.getString(0);
    return text.isEmpty() ? Optional.empty() : Optional.of(text);
  }

  /** CUDA writes 13.0 as 13000. */
  private static Optional<String> version(int number) {
    return number == 0 ? Optional.empty() : Optional.of(number / 1000 + "." + number % 1000 / 10);
  }
}
