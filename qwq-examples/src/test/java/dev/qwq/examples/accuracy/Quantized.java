package dev.qwq.examples.accuracy;

import dev.qwq.examples.cli.TestModels;
import dev.qwq.model.GgufConverter;
import dev.qwq.model.ModelSource;
import dev.qwq.model.QuantizationMix;
import dev.qwq.model.TensorEncoder;
import java.nio.file.Path;

/** The bundled model with other weights. */
final class Quantized {
  private Quantized() {}

  /** Writes the bundled model as GGUF with weights of a mix. */
  static Path write(QuantizationMix mix, Path folder) {
    Path target = folder.resolve("tiny-" + mix + ".gguf");
    try (ModelSource source = ModelSource.open(TestModels.bundled())) {
      GgufConverter.convert(
          source, target, TensorEncoder.quantize(mix, source.config()), 2, (done, total) -> true);
    }
    return target;
  }
}
