package dev.qwq.bench.gpu;

import com.fasterxml.jackson.databind.JsonNode;
import dev.qwq.Backend;
import dev.qwq.Device;
import dev.qwq.Model;
import dev.qwq.ModelOptions;
import dev.qwq.ModelPlan;
import dev.qwq.bench.Json;
import dev.qwq.bench.models.LayerWeights;
import dev.qwq.bench.models.SynthFiles;
import dev.qwq.model.ModelSource;
import dev.qwq.model.QuantizationMix;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Measures whole models of random weights on a GPU, and writes the report of the check. */
@Command(
    name = "gpu",
    description =
        "Writes models of random weights, measures them on a device, and writes the report, with"
            + " what gpu_bench measured just before. native-src/tools/gpu-check.sh calls it.",
    mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // picocli sets the fields
public final class GpuCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--device",
      paramLabel = "N|cpu",
      defaultValue = "0",
      description = "Device of the cuda backend, or cpu (default: ${DEFAULT-VALUE}).")
  private String device;

  @Option(
      names = "--shapes",
      split = ",",
      paramLabel = "NAME,NAME",
      defaultValue = "7b,32b",
      description = "Shapes of qwq synth (default: ${DEFAULT-VALUE}).")
  private List<String> shapes;

  @Option(
      names = "--type",
      paramLabel = "TYPE",
      defaultValue = "Q4_K_M",
      description = "Of ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
  private QuantizationMix type;

  @Option(
      names = "--folder",
      required = true,
      paramLabel = "FOLDER",
      description = "Where the models are, or are written; a 32b is 20 GB.")
  private Path folder;

  @Option(
      names = "--batches",
      split = ",",
      paramLabel = "N,N",
      defaultValue = "1,2,4,8,16,32,64",
      description = "Sequences side by side (default: ${DEFAULT-VALUE}).")
  private List<Integer> batches;

  @Option(
      names = "--contexts",
      split = ",",
      paramLabel = "N,N",
      defaultValue = "1024,4096,16384,32768",
      description = "Tokens that each has read (default: ${DEFAULT-VALUE}).")
  private List<Integer> contexts;

  @Option(
      names = {"-p", "--prompts"},
      split = ",",
      paramLabel = "N,N",
      defaultValue = "512,2048,8192",
      description = "Tokens of prompts (default: ${DEFAULT-VALUE}).")
  private List<Integer> prompts;

  @Option(
      names = {"-n", "--generate"},
      paramLabel = "N",
      defaultValue = "64",
      description = "Tokens that each sequence generates (default: ${DEFAULT-VALUE}).")
  private int generate;

  @Option(
      names = "--kernels",
      paramLabel = "FILE",
      description = "What gpu_bench --json wrote; without it there are no shares.")
  private @Nullable Path kernels;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "FILE",
      description = "The report, without .json and .md, which are added.")
  private Path out;

  @Override
  public Integer call() throws IOException, InterruptedException {
    JsonNode document = kernels == null ? null : Json.parse(Files.readString(kernels));
    Files.createDirectories(folder);
    String title = device.equals("cpu") ? "processor" : Device.of(device).title();
    List<DeviceFigures> all = new ArrayList<>();
    for (String name : shapes) {
      all.add(
          measure(
              SynthFiles.file(
                  folder,
                  SynthFiles.shape(spec, name),
                  type,
                  Runtime.getRuntime().availableProcessors(),
                  this::say),
              document));
    }
    GpuReport report = new GpuReport(LocalDate.now(ZoneOffset.UTC), title, document, all);
    Files.writeString(Path.of(out + ".json"), report.json() + "\n");
    Files.writeString(Path.of(out + ".md"), report.markdown());
    spec.commandLine().getOut().println(report.markdown());
    return 0;
  }

  private DeviceFigures measure(Path file, @Nullable JsonNode document)
      throws InterruptedException {
    ModelOptions.Builder options = ModelOptions.builder().maxSequences(64);
    if (!device.equals("cpu")) {
      options.backend(Backend.CUDA).cudaDevice(device);
    }
    long layerWeights;
    try (ModelSource source = ModelSource.open(file)) {
      layerWeights = LayerWeights.of(source);
    }
    long start = System.nanoTime();
    try (Model model = Model.open(file, options.build())) {
      double loadSeconds = (System.nanoTime() - start) / 1e9;
      ModelPlan plan = model.placement();
      long weightBytes = plan.places().stream().mapToLong(ModelPlan.Place::weightBytes).sum();
      DeviceModelBench bench = new DeviceModelBench(model);
      say("measuring " + file);
      bench.prefill(Math.min(prompts.getFirst(), model.info().contextLength() - 1)); // to warm up
      List<DeviceFigures.Prefill> prefill = new ArrayList<>();
      for (int tokens : prompts) {
        if (bench.fits(1, tokens, 1)) {
          double speed = bench.prefill(tokens);
          double operations = 2.0 * layerWeights * speed;
          prefill.add(
              new DeviceFigures.Prefill(
                  tokens,
                  speed,
                  operations,
                  GpuReport.share(operations, GpuReport.bf16Rate(document))));
        }
      }
      List<DeviceFigures.Decode> decode = new ArrayList<>();
      for (int context : contexts) {
        for (int batch : batches) {
          if (bench.fits(batch, context, generate)) {
            double speed = bench.decode(batch, context, generate);
            double kv = (double) batch * context * plan.kvBytesPerToken();
            double bytes = speed / batch * (weightBytes + kv);
            decode.add(
                new DeviceFigures.Decode(
                    batch,
                    context,
                    speed,
                    bytes,
                    GpuReport.share(bytes, GpuReport.copyRate(document))));
          }
        }
      }
      return new DeviceFigures(
          String.valueOf(file.getFileName()),
          plan.deviceLayers(),
          plan.layers(),
          weightBytes,
          plan.contextLength(),
          plan.kvCacheTokens(),
          loadSeconds,
          decode,
          prefill);
    }
  }

  private void say(String line) {
    spec.commandLine().getErr().println(line);
  }
}
