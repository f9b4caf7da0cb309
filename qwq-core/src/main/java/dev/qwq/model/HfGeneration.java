package dev.qwq.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.qwq.tokenizer.Tokenizer;
import dev.qwq.weights.JsonFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/** Reads {@code generation_config.json}. */
final class HfGeneration {
  private HfGeneration() {}

  /**
   * Reads the defaults of a folder. What ends a turn is the union of what generation_config.json
   * (or else config.json) and the tokenizer say: fine-tuned models often correct only one of them.
   */
  static GenerationDefaults read(Path folder, ModelConfig config, Optional<Tokenizer> tokenizer) {
    Path file = folder.resolve("generation_config.json");
    JsonFields fields =
        new JsonFields(
            file,
            Files.exists(file) ? JsonFile.readObject(file) : JsonNodeFactory.instance.objectNode());
    Set<Integer> eos = new LinkedHashSet<>(ids(fields, "eos_token_id", config.vocabSize()));
    if (eos.isEmpty()) {
      Path modelConfig = folder.resolve("config.json");
      eos.addAll(
          ids(
              new JsonFields(modelConfig, JsonFile.readObject(modelConfig)),
              "eos_token_id",
              config.vocabSize()));
    }
    tokenizer.ifPresent(t -> t.eosId().ifPresent(eos::add));
    return new GenerationDefaults(
        fields.flag("do_sample"),
        fields.number("temperature", 0, Double.MAX_VALUE),
        fields.integer("top_k", 0, Integer.MAX_VALUE),
        fields.number("top_p", 0, 1),
        fields.number("min_p", 0, 1),
        positive(fields, "repetition_penalty"),
        fields.number("presence_penalty", -Double.MAX_VALUE, Double.MAX_VALUE),
        fields.number("frequency_penalty", -Double.MAX_VALUE, Double.MAX_VALUE),
        List.copyOf(eos));
  }

  private static OptionalDouble positive(JsonFields fields, String name) {
    return fields.number(name, Limits.MIN_EPS, Double.MAX_VALUE);
  }

  /** Reads one id or a list of them. */
  private static List<Integer> ids(JsonFields fields, String name, int vocabSize) {
    if (!fields.has(name)) {
      return List.of();
    }
    JsonNode value = fields.object().get(name);
    Set<Integer> ids = new LinkedHashSet<>();
    if (value.isArray()) {
      for (JsonNode id : value) {
        ids.add(fields.integer(name, id, 0, vocabSize - 1));
      }
    } else {
      ids.add(fields.integer(name, value, 0, vocabSize - 1));
    }
    return List.copyOf(ids);
  }
}
