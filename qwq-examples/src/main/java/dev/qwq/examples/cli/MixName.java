package dev.qwq.examples.cli;

import dev.qwq.model.QuantizationMix;
import java.util.ArrayList;
import java.util.Locale;
import java.util.Set;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads the name of a mix of formats. */
final class MixName extends ArrayList<String> implements ITypeConverter<QuantizationMix> {
  private static final long serialVersionUID = 1L;

  /** What llama.cpp makes with an importance matrix only, or needs none but is not ours. */
  private static final Set<String> BY_IMPORTANCE =
      Set.of(
          "IQ1_S", "IQ1_M", "IQ2_XXS", "IQ2_XS", "IQ2_S", "IQ2_M", "IQ3_XXS", "IQ3_XS", "IQ3_S",
          "IQ3_M");

  MixName() {
    super(QuantizationMix.available().stream().map(QuantizationMix::name).toList());
  }

  @Override
  public QuantizationMix convert(String value) {
    return QuantizationMix.of(value)
        .orElseThrow(
            () ->
                new TypeConversionException(
                    "expected one of "
                        + this
                        + ", found '"
                        + value
                        + "'"
                        + (BY_IMPORTANCE.contains(value.toUpperCase(Locale.ROOT))
                            ? ", which takes an importance matrix; qwq makes and reads none"
                            : "")));
  }
}
