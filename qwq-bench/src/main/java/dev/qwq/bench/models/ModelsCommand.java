package dev.qwq.bench.models;

import dev.qwq.bench.JavaProcess;
import dev.qwq.bench.Json;
import dev.qwq.bench.Table;
import dev.qwq.bench.Tool;
import dev.qwq.examples.cli.QwqCommand;
import dev.qwq.model.ModelSource;
import dev.qwq.model.QuantizationMix;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Measures whole models of random weights against the limits of the machine. */
@Command(
    name = "models",
    description =
        "Writes models of random weights and measures each with qwq bench in a process of its own,"
            + " against the limits that kernel_bench measures just before.",
    mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // picocli sets the fields
public final class ModelsCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--shapes",
      split = ",",
      paramLabel = "NAME,NAME",
      defaultValue = "0.5b,1.5b,7b,32b",
      description = "Shapes of qwq synth (default: ${DEFAULT-VALUE}).")
  private List<String> shapes;

  @Option(
      names = "--types",
      split = ",",
      paramLabel = "TYPE,TYPE",
      defaultValue = "Q4_K_M",
      description = "Of ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
  private List<QuantizationMix> types;

  @Option(
      names = "--folder",
      required = true,
      paramLabel = "FOLDER",
      description = "Where the files are, or are written; a 32b is 20 GB.")
  private Path folder;

  @Option(
      names = "--kernel-bench",
      paramLabel = "FILE",
      description = "The native program kernel_bench; without it there are no shares.")
  private @Nullable Path kernelBench;

  @Option(
      names = {"-t", "--threads"},
      paramLabel = "N",
      description = "Threads that compute (default: one per processor).")
  private int threads = Runtime.getRuntime().availableProcessors();

  @Option(
      names = {"-p", "--prompts"},
      split = ",",
      paramLabel = "N,N",
      defaultValue = "512",
      description = "Tokens of the prompts (default: ${DEFAULT-VALUE}).")
  private List<Integer> prompts;

  @Option(
      names = {"-n", "--generate"},
      paramLabel = "N",
      defaultValue = "64",
      description = "Tokens to decode (default: ${DEFAULT-VALUE}).")
  private int generate;

  @Option(
      names = {"-r", "--repeats"},
      paramLabel = "N",
      defaultValue = "5",
      description = "Runs (default: ${DEFAULT-VALUE}).")
  private int repeats;

  @Option(
      names = "--cpu-isa",
      paramLabel = "NAME",
      description = "Instruction set, such as avx2 (default: the best here).")
  private @Nullable String cpuIsa;

  @Option(names = "--json", description = "Print one JSON array instead of a table.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    Files.createDirectories(folder);
    List<ModelFigures> all = new ArrayList<>();
    for (String name : shapes) {
      for (QuantizationMix type : types) {
        Path file = SynthFiles.file(folder, SynthFiles.shape(spec, name), type, threads, this::say);
        for (int prompt : prompts) {
          Limits limits = kernelBench == null ? null : Limits.measure(kernelBench, threads, folder);
          all.add(measure(file, prompt, limits));
        }
      }
    }
    spec.commandLine().getOut().println(json ? json(all) : table(all));
    return 0;
  }

  private ModelFigures measure(Path file, int prompt, @Nullable Limits limits) throws IOException {
    say("measuring " + file + ", prompt of " + prompt + " tokens");
    List<String> arguments =
        new ArrayList<>(
            List.of("bench", "--json", "--model", file.toString(), "-t", String.valueOf(threads)));
    arguments.addAll(
        List.of("-p", String.valueOf(prompt), "-n", String.valueOf(generate), "-r", "" + repeats));
    if (cpuIsa != null) {
      arguments.addAll(List.of("--cpu-isa", cpuIsa));
    }
    String out =
        Tool.run(
            folder,
            JavaProcess.command(
                JavaProcess.ownClassPath(),
                QwqCommand.class.getName(),
                arguments.toArray(String[]::new)));
    try (ModelSource source = ModelSource.open(file)) {
      return ModelFigures.of(file, prompt, Files.size(file), source, Json.parse(out), limits);
    }
  }

  private static String table(List<ModelFigures> all) {
    Table table = new Table(ModelFigures.HEADING);
    all.forEach(figures -> table.add(figures.row()));
    return table.toString();
  }

  private static String json(List<ModelFigures> all) {
    List<Map<String, Object>> rows = new ArrayList<>();
    for (ModelFigures figures : all) {
      Map<String, Object> row = new LinkedHashMap<>();
      row.put("file", figures.file().toString());
      row.put("figures", figures);
      rows.add(row);
    }
    return Json.text(rows);
  }

  private void say(String line) {
    spec.commandLine().getErr().println(line);
  }
}
