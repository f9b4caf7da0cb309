package dev.qwq.model;

import dev.qwq.tokenizer.TokenizerData;
import dev.qwq.weights.ByteProgress;
import dev.qwq.weights.DType;
import dev.qwq.weights.GgufWriter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Writes models with random weights of realistic size, really quantised, with a valid tokenizer:
 * what a model of that shape costs to open and to run can be measured without its weights.
 */
public final class SynthModel {
  private static final float MATRIX_DEVIATION = 0.02f;
  private static final float NORM_DEVIATION = 0.05f;
  private static final float BIAS_DEVIATION = 0.02f;

  private static final String CHAT_TEMPLATE =
      """
      {%- for message in messages -%}
      <|im_start|>{{ message.role }}
      {{ message.content }}<|im_end|>
      {% endfor -%}
      {%- if add_generation_prompt -%}
      <|im_start|>assistant
      {% endif -%}
      """;

  private SynthModel() {}

  /** A tensor, its format, and where its values begin in the stream of random numbers. */
  private record Plan(Qwen2Tensors.Expected tensor, DType format, long offset) {
    long cols() {
      return tensor.shape().getLast();
    }

    long rows() {
      return tensor.isVector() ? 1 : tensor.shape().getFirst();
    }
  }

  /**
   * Writes a model.
   *
   * @param shape its shape
   * @param mix its formats
   * @param seed what its weights follow from; the same seed gives the same bytes, however many
   *     threads
   * @param target where the GGUF file is to lie; it appears there when it is whole
   * @param threads how many threads to use, at least 1
   * @param progress is told how far the weights have come
   * @throws dev.qwq.QwqException if the file cannot be written, or there is no native library
   * @throws java.util.concurrent.CancellationException if {@code progress} says so, or the thread
   *     is interrupted; nothing is left behind
   */
  public static void write(
      Shapes shape,
      QuantizationMix mix,
      long seed,
      Path target,
      int threads,
      ByteProgress progress) {
    NativeFormats.load();
    ModelConfig config = shape.config();
    List<Plan> plans = plan(config, mix);
    try (GgufWriter writer = GgufWriter.create(target);
        ChunkPipeline pipeline = new ChunkPipeline(threads)) {
      GgufHead.write(
          writer, "random weights, shape " + shape.id() + ", seed " + seed, mix.fileType(), config);
      TokenizerData tokenizer = SynthTokenizer.build(target, config.vocabSize());
      GgufTokenizerWriter.write(writer, tokenizer, config.vocabSize());
      GgufHead.writeTemplates(writer, Map.of(ChatTemplates.DEFAULT, CHAT_TEMPLATE));
      for (Plan plan : plans) {
        writer.declare(plan.tensor().name(), plan.format(), plan.tensor().shape());
      }
      writer.begin(progress);
      for (Plan plan : plans) {
        pipeline.run(
            plan.rows(),
            plan.cols(),
            plan.format().bytes(plan.cols()),
            (first, rows, chunk) -> fill(plan, seed, first, rows, chunk),
            (chunk, bytes) -> writer.write(plan.tensor().name(), chunk.asByteBuffer()));
      }
      writer.finish();
    }
  }

  private static List<Plan> plan(ModelConfig config, QuantizationMix mix) {
    List<Plan> plans = new ArrayList<>();
    long offset = 0;
    for (Qwen2Tensors.Expected tensor : Qwen2Tensors.of(config)) {
      Plan plan = new Plan(tensor, mix.format(config, tensor.name(), tensor.shape()), offset);
      plans.add(plan);
      offset = Math.addExact(offset, Math.multiplyExact(plan.rows(), plan.cols()));
    }
    return plans;
  }

  /** Makes some rows and returns how many bytes they are. */
  private static long fill(Plan plan, long seed, long firstRow, long rows, MemorySegment target) {
    long count = rows * plan.cols();
    long offset = plan.offset() + firstRow * plan.cols();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment floats =
          plan.format() == DType.F32 ? target : arena.allocate(ValueLayout.JAVA_FLOAT, count);
      boolean norm = plan.tensor().name().endsWith("norm.weight");
      float deviation =
          !plan.tensor().isVector() ? MATRIX_DEVIATION : norm ? NORM_DEVIATION : BIAS_DEVIATION;
      NativeFormats.fillNormal(seed, offset, deviation, floats, count);
      for (long i = 0; norm && i < count; i++) {
        floats.setAtIndex(
            ValueLayout.JAVA_FLOAT, i, 1 + floats.getAtIndex(ValueLayout.JAVA_FLOAT, i));
      }
      if (plan.format() != DType.F32) {
        NativeFormats.quantize(plan.format(), floats, rows, plan.cols(), target);
      }
    }
    return target.byteSize();
  }
}
