package dev.qwq.examples.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Says what opening a model takes. */
@Command(
    name = "plan",
    description =
        "Says what opening a model takes, and where: layers, weights, KV cache by context,"
            + " workspace. Takes nothing itself.",
    footer = {
      "",
      "Examples:",
      "  qwq plan -m QwQ-32B-Q4_K_M.gguf --backend cuda",
      "  qwq plan -m QwQ-32B-Q4_K_M.gguf --device sim:16GiB --ctx 32768 --kv q8_0"
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class PlanCommand extends Subcommand {
  @Mixin private ModelOption model;
  @Mixin private ComputeOptions compute;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Override
  public Integer call() {
    PlanReport report = PlanReport.of(model.path(), build(() -> compute.builder().build()));
    if (json) {
      printJson(report.json());
    } else {
      report.print(out());
    }
    return 0;
  }
}
