package dev.qwq.model;

import java.util.Optional;
import java.util.Set;

/**
 * Rope scaling in {@code config.json}. A kind or a parameter that is unknown is an error: a model
 * with wrong positions still talks, only worse.
 */
final class HfRope {
  private static final Set<String> PLAIN_FIELDS = Set.of("type", "rope_type", "rope_theta");
  private static final Set<String> YARN_FIELDS =
      Set.of(
          "type",
          "rope_type",
          "rope_theta",
          "factor",
          "original_max_position_embeddings",
          "attention_factor",
          "beta_fast",
          "beta_slow",
          "finetuned",
          "partial_rotary_factor",
          "truncate");

  private HfRope() {}

  static Optional<ModelConfig.Yarn> yarn(JsonFields config) {
    Optional<JsonFields> published = config.object("rope_scaling");
    Optional<JsonFields> current = config.object("rope_parameters");
    if (published.isPresent() && current.isPresent()) {
      Optional<ModelConfig.Yarn> first = read(published.get());
      Optional<ModelConfig.Yarn> second = read(current.get());
      if (!first.equals(second)) {
        throw config.malformed("rope_scaling", "the same as rope_parameters", "another");
      }
      return first;
    }
    return published.or(() -> current).flatMap(HfRope::read);
  }

  private static Optional<ModelConfig.Yarn> read(JsonFields rope) {
    Optional<String> current = rope.text("rope_type");
    String type = current.or(() -> rope.text("type")).orElse("default");
    if (rope.text("type").filter(old -> !old.equals(type)).isPresent()) {
      throw rope.malformed("type", type + " as in rope_type", rope.text("type").orElseThrow());
    }
    return switch (type) {
      case "default" -> {
        requireKnown(rope, PLAIN_FIELDS);
        yield Optional.empty();
      }
      case "yarn" -> {
        requireKnown(rope, YARN_FIELDS);
        yield Optional.of(readYarn(rope));
      }
      default -> throw rope.unsupported("rope_type", "default, yarn", type);
    };
  }

  private static void requireKnown(JsonFields rope, Set<String> known) {
    rope.object()
        .fieldNames()
        .forEachRemaining(
            name -> {
              if (!known.contains(name) && rope.has(name)) {
                throw rope.unsupported(name, known.stream().sorted().toList().toString(), name);
              }
            });
  }

  private static ModelConfig.Yarn readYarn(JsonFields rope) {
    if (!rope.flag("truncate").orElse(true)) {
      throw rope.unsupported("truncate", "true", "false");
    }
    if (rope.number("partial_rotary_factor", 0, 1).orElse(1) != 1) {
      throw rope.unsupported("partial_rotary_factor", "1", "less");
    }
    // 32 and 1 are part of the method's definition.
    return yarn(
        rope,
        rope.requireNumber("factor", 1, Limits.MAX_FACTOR),
        rope.number("beta_fast", Limits.MIN_EPS, Limits.MAX_FACTOR).orElse(32),
        rope.number("beta_slow", Limits.MIN_EPS, Limits.MAX_FACTOR).orElse(1),
        rope.number("attention_factor", Limits.MIN_EPS, Limits.MAX_FACTOR).orElse(0),
        rope.requireInteger("original_max_position_embeddings", 1, Limits.CONTEXT));
  }

  private static ModelConfig.Yarn yarn(
      JsonFields rope, double factor, double fast, double slow, double attention, int original) {
    if (fast <= slow) {
      throw rope.malformed("beta_fast", "more than beta_slow, " + slow, String.valueOf(fast));
    }
    return new ModelConfig.Yarn(
        (float) factor, (float) fast, (float) slow, (float) attention, original);
  }
}
