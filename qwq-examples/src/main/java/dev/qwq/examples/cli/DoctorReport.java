package dev.qwq.examples.cli;

import dev.qwq.Device;
import dev.qwq.Devices;
import dev.qwq.InstructionSet;
import dev.qwq.nativelib.NativeLibrary;
import dev.qwq.weights.SystemMemory;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * What {@code doctor} found.
 *
 * @param library the native library; null if there is none that can be used
 * @param libraryProblem why there is none
 * @param instructionSets of the processor, the best ones last; empty without library
 * @param devices CUDA devices, null without library
 * @param shownDevices those that were asked for
 * @param kernelDriver version of NVIDIA's driver in the kernel
 */
record DoctorReport(
    @Nullable Path library,
    Optional<String> libraryProblem,
    List<InstructionSet> instructionSets,
    @Nullable Devices devices,
    List<Device> shownDevices,
    Optional<String> kernelDriver) {
  private static final String LABEL = "%-12s%s%n";

  static DoctorReport withoutLibrary(String problem) {
    return new DoctorReport(
        null, Optional.of(problem), List.of(), null, List.of(), Optional.empty());
  }

  static DoctorReport of(
      List<InstructionSet> instructionSets,
      Devices devices,
      List<Device> shown,
      Optional<String> kernelDriver) {
    return new DoctorReport(
        NativeLibrary.path(), Optional.empty(), instructionSets, devices, shown, kernelDriver);
  }

  /** Tells whether models can compute on a device of this machine. */
  boolean hasUsableDevice() {
    return devices != null && !devices.usable().isEmpty();
  }

  /** The instruction set that models use by default. */
  private @Nullable InstructionSet best() {
    return instructionSets.reversed().stream()
        .filter(InstructionSet::isUsable)
        .findFirst()
        .orElse(null);
  }

  Map<String, @Nullable Object> json() {
    Map<String, @Nullable Object> report = new LinkedHashMap<>();
    Map<String, @Nullable Object> java = new LinkedHashMap<>();
    java.put("version", Runtime.version().toString());
    java.put("vendor", System.getProperty("java.vendor"));
    java.put("heap_bytes", Runtime.getRuntime().maxMemory());
    report.put("java", java);
    Map<String, @Nullable Object> processor = new LinkedHashMap<>();
    processor.put("name", Processor.name().orElse(null));
    processor.put("count", Runtime.getRuntime().availableProcessors());
    processor.put("instruction_sets", instructionSets.stream().map(this::json).toList());
    report.put("processor", processor);
    OptionalLong available = new SystemMemory().available();
    report.put("available_bytes", available.isPresent() ? available.getAsLong() : null);
    Map<String, @Nullable Object> nativeLibrary = new LinkedHashMap<>();
    nativeLibrary.put("path", library == null ? null : library.toString());
    nativeLibrary.put("problem", libraryProblem.orElse(null));
    report.put("library", nativeLibrary);
    report.put("cuda", devices == null ? null : json(devices));
    return report;
  }

  private Map<String, Object> json(InstructionSet isa) {
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("name", isa.name());
    values.put("compiled", isa.compiled());
    values.put("in_processor", isa.inProcessor());
    values.put("enabled", isa.enabled());
    values.put("used", isa.equals(best()));
    return values;
  }

  private Map<String, @Nullable Object> json(Devices found) {
    Map<String, @Nullable Object> values = new LinkedHashMap<>();
    values.put("library", found.library().toString());
    values.put("library_opened", found.libraryOpened());
    values.put("kernel_driver", kernelDriver.orElse(null));
    values.put("driver_version", found.driverVersion().orElse(null));
    values.put("runtime_version", found.runtimeVersion().orElse(null));
    values.put("problem", found.problem().orElse(null));
    values.put("advice", CudaAdvice.of(found, kernelDriver).orElse(null));
    values.put("devices", shownDevices.stream().map(DoctorReport::json).toList());
    return values;
  }

  private static Map<String, @Nullable Object> json(Device device) {
    Map<String, @Nullable Object> values = new LinkedHashMap<>();
    values.put("name", device.name());
    values.put("title", device.title());
    values.put("compute_capability", device.computeCapability().orElse(null));
    values.put("multiprocessors", device.multiprocessors());
    values.put("total_bytes", device.totalBytes());
    values.put("free_bytes", device.freeBytes());
    values.put("usable", device.isUsable());
    values.put("problem", device.problem().orElse(null));
    values.put("advice", CudaAdvice.of(device).orElse(null));
    return values;
  }

  void print(PrintWriter out) {
    out.printf(
        LABEL,
        "Java",
        "%s (%s), heap of up to %s"
            .formatted(
                Runtime.version(),
                System.getProperty("java.vendor"),
                Terminals.gibibytes(Runtime.getRuntime().maxMemory())));
    int count = Runtime.getRuntime().availableProcessors();
    out.printf(
        LABEL,
        "Processor",
        "%s, %d of them for this process".formatted(Processor.name().orElse("unknown"), count));
    for (InstructionSet isa : instructionSets.reversed()) {
      out.printf("  %-14s%s%n", isa.name(), state(isa));
    }
    OptionalLong available = new SystemMemory().available();
    out.printf(
        LABEL,
        "Memory",
        available.isPresent()
            ? Terminals.gibibytes(available.getAsLong()) + " available"
            : "unknown");
    out.printf(LABEL, "Library", library == null ? "none" : library);
    libraryProblem.ifPresent(problem -> out.println("  " + problem));
    if (devices != null) {
      print(out, devices);
    }
  }

  private String state(InstructionSet isa) {
    if (isa.equals(best())) {
      return "used";
    }
    if (!isa.compiled()) {
      return "not in this build of the library";
    }
    if (!isa.inProcessor()) {
      return "the processor lacks it";
    }
    return isa.enabled() ? "could be used" : "the operating system does not enable it";
  }

  private void print(PrintWriter out, Devices found) {
    out.printf(LABEL, "CUDA", found.problem().isPresent() ? "not used" : "can be used");
    found.problem().ifPresent(problem -> out.println("  " + Terminals.harmless(problem)));
    CudaAdvice.of(found, kernelDriver).ifPresent(advice -> out.println("  " + advice));
    if (found.libraryOpened()) {
      out.printf("  %-14s%s%n", "library", found.library());
      out.printf(
          "  %-14s%s%n",
          "driver",
          kernelDriver.map(version -> version + ", ").orElse("")
              + found.driverVersion().map(version -> "CUDA " + version).orElse("none"));
      out.printf("  %-14s%s%n", "built with", "CUDA " + found.runtimeVersion().orElse("unknown"));
    }
    for (Device device : shownDevices) {
      out.printf(LABEL, "Device " + device.name(), line(device));
      device
          .problem()
          .ifPresent(problem -> out.println("  not used: " + Terminals.harmless(problem)));
      CudaAdvice.of(device).ifPresent(advice -> out.println("  " + advice));
    }
  }

  private static String line(Device device) {
    StringBuilder line = new StringBuilder(Terminals.harmless(device.title()));
    device.computeCapability().ifPresent(c -> line.append(", compute capability ").append(c));
    if (device.multiprocessors() > 1) {
      line.append(", ").append(device.multiprocessors()).append(" multiprocessors");
    }
    return line.append(", ")
        .append(Terminals.gibibytes(device.totalBytes()))
        .append(device.isUsable() ? ", " + Terminals.gibibytes(device.freeBytes()) + " free" : "")
        .toString();
  }
}
