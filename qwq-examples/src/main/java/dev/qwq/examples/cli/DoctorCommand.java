package dev.qwq.examples.cli;

import dev.qwq.Device;
import dev.qwq.Devices;
import dev.qwq.ErrorCode;
import dev.qwq.InstructionSet;
import dev.qwq.QwqException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Explains what this machine can compute with. */
@Command(
    name = "doctor",
    description =
        "Explains what this machine can compute with: processor, memory, native library, GPUs, and"
            + " why something is not used.",
    footer = {"", "Examples:", "  qwq doctor", "  qwq doctor --json"})
final class DoctorCommand extends Subcommand {
  @Option(
      names = "--device",
      paramLabel = "N|sim:SIZE",
      split = ",",
      description = "Look at these devices only; sim:24GiB and its like are simulated ones.")
  private @Nullable List<String> deviceNames;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Override
  public Integer call() {
    DoctorReport report = examine();
    if (json) {
      printJson(report.json());
    } else {
      report.print(out());
    }
    return report.libraryProblem().isPresent() ? 1 : 0;
  }

  private DoctorReport examine() {
    List<InstructionSet> instructionSets;
    try {
      instructionSets = InstructionSet.all();
    } catch (QwqException e) {
      if (e.code() != ErrorCode.NATIVE_LIBRARY) {
        throw e;
      }
      return DoctorReport.withoutLibrary(Failures.sentence(e));
    }
    Devices devices = Devices.find();
    List<Device> shown =
        deviceNames == null ? devices.all() : deviceNames.stream().map(Device::of).toList();
    return DoctorReport.of(instructionSets, devices, shown, CudaAdvice.kernelDriver());
  }
}
