package dev.qwq.examples.cli;

import dev.qwq.Backend;
import dev.qwq.Device;
import dev.qwq.Devices;
import dev.qwq.ErrorCode;
import dev.qwq.InstructionSet;
import dev.qwq.ModelOptions;
import dev.qwq.QwqException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Explains what this machine can compute with. */
@Command(
    name = "doctor",
    description =
        "Explains what this machine can compute with: processor, memory, native library, GPUs, and"
            + " why something is not used.",
    footer = {
      "",
      "Examples:",
      "  qwq doctor",
      "  qwq doctor QwQ-32B-Q4_K_M.gguf",
      "  qwq doctor QwQ-32B-Q4_K_M.gguf --device sim:16GiB"
    })
@SuppressWarnings("NullAway.Init") // picocli sets the field
final class DoctorCommand extends Subcommand {
  @Mixin private ComputeOptions compute;

  @Parameters(
      paramLabel = "MODEL",
      arity = "0..1",
      description = "A GGUF file or Hugging Face folder, to see where it would be computed.")
  private @Nullable Path model;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Override
  public Integer call() {
    DoctorReport report = examine();
    PlanReport plan =
        model == null || report.libraryProblem().isPresent() ? null : plan(model, report);
    if (json) {
      Map<String, @Nullable Object> values = report.json();
      if (plan != null) {
        values.put("plan", plan.json());
      }
      printJson(values);
    } else {
      report.print(out());
      if (plan != null) {
        plan.print(out());
      }
    }
    return report.libraryProblem().isPresent() ? 1 : 0;
  }

  private PlanReport plan(Path path, DoctorReport report) {
    ModelOptions.Builder options = compute.builder();
    if (!compute.choosesBackend() && report.hasUsableDevice()) {
      options.backend(Backend.CUDA);
    }
    return PlanReport.of(path, build(options::build));
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
        compute.cudaDevices().isEmpty()
            ? devices.all()
            : compute.cudaDevices().stream().map(Device::of).toList();
    return DoctorReport.of(instructionSets, devices, shown, CudaAdvice.kernelDriver());
  }
}
