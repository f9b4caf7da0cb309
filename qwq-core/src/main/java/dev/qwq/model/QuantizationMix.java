package dev.qwq.model;

import static dev.qwq.model.MixRule.Where.EVERYWHERE;
import static dev.qwq.model.MixRule.Where.FIRST_2;
import static dev.qwq.model.MixRule.Where.FIRST_4;
import static dev.qwq.model.MixRule.Where.FIRST_EIGHTH;
import static dev.qwq.model.MixRule.Where.FIRST_SIXTEENTH;
import static dev.qwq.model.MixRule.Where.GROUPED_QUERIES;
import static dev.qwq.model.MixRule.Where.SENSITIVE;
import static dev.qwq.model.TensorRole.ATTENTION_OUTPUT;
import static dev.qwq.model.TensorRole.DOWN;
import static dev.qwq.model.TensorRole.OUTPUT;
import static dev.qwq.model.TensorRole.VALUE;

import dev.qwq.model.MixRule.Where;
import dev.qwq.weights.DType;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Which format each matrix of a quantised file gets: the mixes of llama.cpp without importance
 * matrix, by the names they have there. Vectors are F32 in all of them.
 *
 * <p>A mix is named after the format of most matrices. Its rules say which get another; the first
 * that applies counts. The output matrix is Q6_K in all of them but {@link #Q8_0}. A matrix whose
 * rows are no whole number of blocks gets the nearest format with smaller blocks.
 */
public enum QuantizationMix {
  /** All matrices F32. */
  F32(0, DType.F32),
  /** All matrices F16. */
  F16(1, DType.F16),
  /** All matrices BF16. */
  BF16(32, DType.BF16),
  /** Q8_0, the output matrix too. */
  Q8_0(7, DType.Q8_0),
  /** Q6_K. */
  Q6_K(18, DType.Q6_K),
  /** Q5_K, more for half of the value and down projections. */
  Q5_K_M(17, DType.Q5_K, rule(VALUE, SENSITIVE, DType.Q6_K), rule(DOWN, SENSITIVE, DType.Q6_K)),
  /** Q5_K. */
  Q5_K_S(16, DType.Q5_K),
  /** Q5_1. */
  Q5_1(9, DType.Q5_1),
  /** Q5_0. */
  Q5_0(8, DType.Q5_0),
  /** Q4_K, more for half of the value and down projections. */
  Q4_K_M(15, DType.Q4_K, rule(VALUE, SENSITIVE, DType.Q6_K), rule(DOWN, SENSITIVE, DType.Q6_K)),
  /** Q4_K, more for value and down projections of the first layers. */
  Q4_K_S(14, DType.Q4_K, rule(VALUE, FIRST_4, DType.Q5_K), rule(DOWN, FIRST_EIGHTH, DType.Q5_K)),
  /** Q4_1. */
  Q4_1(3, DType.Q4_1),
  /** IQ4_NL, more for value projections and the first down projections. */
  IQ4_NL(
      25,
      DType.IQ4_NL,
      rule(VALUE, GROUPED_QUERIES, DType.Q5_K),
      rule(DOWN, FIRST_EIGHTH, DType.Q5_K)),
  /** IQ4_XS, more for value projections and the first down projections. */
  IQ4_XS(
      30,
      DType.IQ4_XS,
      rule(VALUE, GROUPED_QUERIES, DType.Q5_K),
      rule(DOWN, FIRST_EIGHTH, DType.Q5_K)),
  /** Q4_0. */
  Q4_0(2, DType.Q4_0),
  /** Q3_K, Q5_K for value, down and attention output projections. */
  Q3_K_L(
      13,
      DType.Q3_K,
      rule(VALUE, EVERYWHERE, DType.Q5_K),
      rule(DOWN, EVERYWHERE, DType.Q5_K),
      rule(ATTENTION_OUTPUT, EVERYWHERE, DType.Q5_K)),
  /** Q3_K, Q4_K and some Q5_K for value, down and attention output projections. */
  Q3_K_M(
      12,
      DType.Q3_K,
      rule(VALUE, FIRST_2, DType.Q5_K),
      rule(VALUE, EVERYWHERE, DType.Q4_K),
      rule(DOWN, FIRST_SIXTEENTH, DType.Q5_K),
      rule(DOWN, EVERYWHERE, DType.Q4_K),
      rule(ATTENTION_OUTPUT, EVERYWHERE, DType.Q4_K)),
  /** Q3_K. */
  Q3_K_S(11, DType.Q3_K),
  /** Q2_K, more for value, down and attention output projections. */
  Q2_K(
      10,
      DType.Q2_K,
      rule(VALUE, GROUPED_QUERIES, DType.Q4_K),
      rule(VALUE, EVERYWHERE, DType.Q3_K),
      rule(DOWN, EVERYWHERE, DType.Q3_K),
      rule(ATTENTION_OUTPUT, EVERYWHERE, DType.Q3_K)),
  /**
   * Q2_K, more for value projections and the first down projections. llama.cpp writes it with an
   * importance matrix only: without one it is poor.
   */
  Q2_K_S(
      21,
      DType.Q2_K,
      rule(VALUE, GROUPED_QUERIES, DType.Q4_K),
      rule(DOWN, FIRST_EIGHTH, DType.Q4_K));

  /** Names without a size mean the middle one. */
  private static final Map<String, QuantizationMix> ALIASES =
      Map.of("Q3_K", Q3_K_M, "Q4_K", Q4_K_M, "Q5_K", Q5_K_M);

  /** For rows that are no whole number of blocks. */
  private static final Map<DType, DType> SMALLER_BLOCKS =
      Map.of(
          DType.Q2_K, DType.Q4_0,
          DType.Q3_K, DType.Q4_0,
          DType.IQ4_XS, DType.IQ4_NL,
          DType.Q4_K, DType.Q5_0,
          DType.Q5_K, DType.Q5_1,
          DType.Q6_K, DType.Q8_0);

  /** Models of 70 billion parameters share each value head among 8 query heads or more. */
  private static final int LAYERS_OF_70B = 80;

  private final int fileType;
  private final DType base;

  @SuppressWarnings("ImmutableEnumChecker") // records of enums
  private final List<MixRule> rules;

  QuantizationMix(int fileType, DType base, MixRule... rules) {
    this.fileType = fileType;
    this.base = base;
    this.rules = List.of(rules);
  }

  private static MixRule rule(TensorRole role, Where where, DType format) {
    return new MixRule(role, where, format);
  }

  /**
   * Finds a mix by its name.
   *
   * @param name a name such as {@code Q4_K_M}, in any case
   * @return the mix, or empty if {@link #available()} has none of that name
   */
  public static Optional<QuantizationMix> of(String name) {
    String wanted = name.toUpperCase(Locale.ROOT);
    return available().stream()
        .filter(mix -> mix.name().equals(wanted) || mix == ALIASES.get(wanted))
        .findFirst();
  }

  /**
   * Returns the mixes whose formats can all be written.
   *
   * @return an immutable list, the most exact first
   */
  public static List<QuantizationMix> available() {
    return Arrays.stream(values()).filter(QuantizationMix::isAvailable).toList();
  }

  private boolean isAvailable() {
    return Stream.concat(Stream.of(base), rules.stream().map(MixRule::format))
        .flatMap(format -> Stream.of(format, SMALLER_BLOCKS.getOrDefault(format, format)))
        .allMatch(DType::isRunnable);
  }

  /**
   * Chooses a tensor's format.
   *
   * @param config the model's configuration
   * @param name the tensor's GGUF name
   * @param shape its shape, outermost first
   * @return the format
   */
  public DType format(ModelConfig config, String name, List<Long> shape) {
    if (shape.size() == 1) {
      return DType.F32;
    }
    return fitting(wanted(config, name), shape.getLast());
  }

  /**
   * Tells whether a tensor's rows are no whole number of blocks of the format that it should have.
   *
   * @param config the model's configuration
   * @param name the tensor's GGUF name
   * @param shape its shape, outermost first
   * @return whether {@link #format} is a substitute
   */
  public boolean isSubstitute(ModelConfig config, String name, List<Long> shape) {
    return shape.size() > 1 && format(config, name, shape) != wanted(config, name);
  }

  /** Returns the number of this mix in {@code general.file_type}. */
  int fileType() {
    return fileType;
  }

  private DType wanted(ModelConfig config, String name) {
    if (base.isFloat()) {
      return base;
    }
    TensorRole role = TensorRole.of(name, config.tiedEmbeddings());
    if (role == OUTPUT) {
      return this == Q8_0 ? DType.Q8_0 : DType.Q6_K;
    }
    int layer = TensorRole.layer(name);
    DType format =
        rules.stream()
            .filter(rule -> rule.applies(role, layer, config))
            .findFirst()
            .map(MixRule::format)
            .orElse(base);
    boolean cheapToRaise =
        role == VALUE
            && config.layers() == LAYERS_OF_70B
            && (format == DType.Q3_K || format == DType.Q4_K);
    return cheapToRaise ? DType.Q5_K : format;
  }

  private static DType fitting(DType wanted, long cols) {
    if (cols % wanted.blockElements() == 0) {
      return wanted;
    }
    DType smaller = SMALLER_BLOCKS.get(wanted);
    return smaller != null && cols % smaller.blockElements() == 0 ? smaller : DType.F16;
  }
}
