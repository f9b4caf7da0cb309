package dev.qwq.examples.cli;

import dev.qwq.model.QuantizationMix;
import dev.qwq.model.Shapes;
import dev.qwq.model.SynthModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CancellationException;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

/** Writes a model with random weights. */
@Command(
    name = "synth",
    description =
        "Writes a model with random weights, to measure what one of its shape costs. It talks"
            + " nonsense. An existing file is replaced; Ctrl-C leaves nothing behind.",
    footer = {
      "",
      "Examples:",
      "  qwq synth --shape 0.5b --type Q8_0 small.gguf",
      "  qwq synth --shape 32b --type Q4_K_M --seed 7 qwq-32b-shape.gguf"
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class SynthCommand extends Subcommand {
  @Parameters(paramLabel = "OUT.gguf", description = "The file to write.")
  private Path target;

  @Option(
      names = "--shape",
      paramLabel = "SHAPE",
      defaultValue = "tiny",
      converter = ShapeName.class,
      completionCandidates = ShapeName.class,
      description = "One of ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
  private Shapes shape;

  @Option(
      names = "--type",
      paramLabel = "TYPE",
      defaultValue = "Q4_K_M",
      converter = MixName.class,
      completionCandidates = MixName.class,
      description = "One of ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
  private QuantizationMix mix;

  @Option(
      names = {"-s", "--seed"},
      paramLabel = "S",
      defaultValue = "42",
      description = "The same seed gives the same file (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = {"-t", "--threads"},
      paramLabel = "N",
      description = "Threads that compute (default: one per processor).")
  private int threads = Runtime.getRuntime().availableProcessors();

  @Option(
      names = "--json",
      description = "Print one JSON object: path, shape, type, seed, bytes, seconds.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    if (threads < 1 || threads > 1024) {
      throw wrongUse("--threads: expected 1 to 1024, found " + threads);
    }
    long start = System.nanoTime();
    try (WriteBar bar = new WriteBar(bars());
        Interrupts _ = Interrupts.call(bar::stop)) {
      SynthModel.write(shape, mix, seed, target, threads, bar::step);
    } catch (CancellationException e) {
      err().println("Stopped; nothing was written.");
      return Interrupts.STATUS;
    }
    report((System.nanoTime() - start) / 1e9);
    return 0;
  }

  private void report(double seconds) throws IOException {
    long bytes = Files.size(target);
    if (json) {
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("path", target.toString());
      result.put("shape", shape.id());
      result.put("type", mix.name());
      result.put("seed", seed);
      result.put("bytes", bytes);
      result.put("seconds", seconds);
      printJson(result);
    } else {
      out()
          .printf(
              Locale.ROOT,
              "%s: %,d bytes (%s) in %.1f s%n",
              target,
              bytes,
              Terminals.bytes(bytes),
              seconds);
    }
  }

  /** Reads a shape's name. */
  static final class ShapeName extends ArrayList<String> implements ITypeConverter<Shapes> {
    private static final long serialVersionUID = 1L;

    ShapeName() {
      super(List.of(Arrays.stream(Shapes.values()).map(Shapes::id).toArray(String[]::new)));
    }

    @Override
    public Shapes convert(String value) {
      return Arrays.stream(Shapes.values())
          .filter(shape -> shape.id().equalsIgnoreCase(value))
          .findFirst()
          .orElseThrow(
              () ->
                  new TypeConversionException(
                      "expected one of " + this + ", found '" + value + "'"));
    }
  }
}
