package dev.qwq.examples.cli;

import dev.qwq.model.QuantizationMix;
import dev.qwq.model.Quantizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CancellationException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Writes a model with its weights in other formats. */
@Command(
    name = "quantize",
    description = {
      "Writes a model as one GGUF file, its weights in other formats: the mixes of llama.cpp, by"
          + " their names. Everything else in the model is kept.",
      "",
      "The file appears under its name when it is whole; Ctrl-C leaves nothing behind."
    },
    footer = {
      "",
      "Examples:",
      "  qwq quantize QwQ-32B qwq-32b-q4_k_m.gguf",
      "  qwq quantize qwq-32b-bf16-00001-of-00002.gguf qwq-32b-q8_0.gguf --type Q8_0 --report"
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class QuantizeCommand extends Subcommand {
  @Parameters(
      index = "0",
      paramLabel = "IN",
      description =
          "A Hugging Face folder (safetensors), or a GGUF file; of a split one, its first part.")
  private Path model;

  @Parameters(index = "1", paramLabel = "OUT.gguf", description = "The file to write.")
  private Path target;

  @Option(
      names = "--type",
      paramLabel = "TYPE",
      defaultValue = "Q4_K_M",
      converter = MixName.class,
      completionCandidates = MixName.class,
      description = "One of ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
  private QuantizationMix mix;

  @Option(
      names = {"-t", "--threads"},
      paramLabel = "N",
      description = "Threads that compute (default: one per processor).")
  private int threads = Runtime.getRuntime().availableProcessors();

  @Option(names = "--force", description = "Replace OUT.gguf if it is there.")
  private boolean force;

  @Option(
      names = "--allow-requantize",
      description =
          "Quantise weights that are quantised already: the errors of both add up. Those that"
              + " have the format they are to have are copied in any case.")
  private boolean allowRequantize;

  @Option(names = "--report", description = "List each tensor's formats, sizes and errors.")
  private boolean report;

  @Option(
      names = "--json",
      description =
          "Print one JSON object: path, source, type, bytes, weight_bytes, source_weight_bytes,"
              + " bits_per_weight, substitutes, seconds, tensors (name, shape, from, to,"
              + " source_bytes, bytes, rms_relative_error, max_error).")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    if (threads < 1 || threads > 1024) {
      throw wrongUse("--threads: expected 1 to 1024, found " + threads);
    }
    long start = System.nanoTime();
    Quantizer.Report result;
    try (WriteBar bar = new WriteBar(bars());
        Interrupts _ = Interrupts.call(bar::stop)) {
      result =
          new Quantizer(mix, threads, force, allowRequantize).quantize(model, target, bar::step);
    } catch (CancellationException e) {
      err().println("Stopped; nothing was written.");
      return Interrupts.STATUS;
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    QuantizationReport printed =
        new QuantizationReport(model, target, Files.size(target), mix, result, seconds);
    if (json) {
      printJson(printed.json());
    } else {
      if (report) {
        printed.printTensors(out());
      }
      printed.printSummary(out());
    }
    return 0;
  }
}
