package dev.qwq.examples.cli;

import dev.qwq.model.GenerationDefaults;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/** What a model recommends for generation, as an object for JSON; null where it says nothing. */
final class GenerationReport {
  private GenerationReport() {}

  static Map<String, @Nullable Object> of(GenerationDefaults defaults) {
    Map<String, @Nullable Object> values = new LinkedHashMap<>();
    values.put("do_sample", defaults.doSample().orElse(null));
    values.put("temperature", orNull(defaults.temperature()));
    values.put("top_k", InspectCommand.orNull(defaults.topK()));
    values.put("top_p", orNull(defaults.topP()));
    values.put("min_p", orNull(defaults.minP()));
    values.put("repetition_penalty", orNull(defaults.repetitionPenalty()));
    values.put("presence_penalty", orNull(defaults.presencePenalty()));
    values.put("frequency_penalty", orNull(defaults.frequencyPenalty()));
    values.put("eos_token_ids", defaults.eosTokenIds());
    return values;
  }

  private static @Nullable Double orNull(OptionalDouble value) {
    return value.isPresent() ? value.getAsDouble() : null;
  }
}
