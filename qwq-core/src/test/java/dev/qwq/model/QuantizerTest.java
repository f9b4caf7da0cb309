package dev.qwq.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.qwq.ErrorCode;
import dev.qwq.MalformedFileException;
import dev.qwq.QwqException;
import dev.qwq.weights.DType;
import dev.qwq.weights.GgufFile;
import dev.qwq.weights.GgufWriter;
import dev.qwq.weights.RawGguf;
import dev.qwq.weights.TensorInfo;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Files with weights of other formats, and what is told about them. */
class QuantizerTest {
  @TempDir Path folder;

  @BeforeEach
  void needsTheNativeLibrary() {
    try {
      NativeFormats.load();
    } catch (QwqException e) {
      Assumptions.abort("skipped: " + e.getMessage());
    }
  }

  static List<QuantizationMix> mixes() {
    return QuantizationMix.available();
  }

  @ParameterizedTest
  @MethodSource("mixes")
  void writesEveryMixAndTellsItsErrors(QuantizationMix mix) {
    Path original = synth(QuantizationMix.F32);
    Path target = folder.resolve("x.gguf");
    Quantizer.Report report = quantizer(mix).quantize(original, target, LoadProgress.NONE);
    assertThat(report.substitutes()).isZero();
    assertThat(report.bytes()).isEqualTo(Shapes.TINY.weightBytes(mix));
    assertThat(report.sourceBytes()).isEqualTo(Shapes.TINY.weightBytes(QuantizationMix.F32));
    assertThat(report.bitsPerWeight()).isBetween(2.0, 32.0);
    try (ModelSource before = ModelSource.open(original);
        ModelSource after = ModelSource.open(target);
        GgufFile gguf = GgufFile.open(target)) {
      assertThat(gguf.metadata()).containsEntry("general.file_type", mix.fileType());
      assertThat(gguf.metadata()).containsEntry("general.quantization_version", 2);
      assertThat(after.config()).isEqualTo(before.config());
      assertThat(report.tensors())
          .extracting(TensorReport::name)
          .containsExactlyElementsOf(gguf.tensors().keySet());
      for (TensorReport tensor : report.tensors()) {
        TensorInfo written = after.tensor(tensor.name()).orElseThrow();
        assertThat(written.dtype())
            .isEqualTo(mix.format(before.config(), tensor.name(), tensor.shape()));
        assertThat(tensor.to()).isEqualTo(written.dtype());
        assertThat(tensor.from()).isEqualTo(DType.F32);
        assertThat(tensor.bytes()).isEqualTo(written.bytes());
        checkError(tensor.error(), before.tensor(tensor.name()).orElseThrow(), written);
      }
    }
  }

  /** Computed anew, in one sum over the tensor: other order, hence the last digits may differ. */
  private static void checkError(EncodingError told, TensorInfo before, TensorInfo after) {
    double[] expected = values(before);
    double[] actual = values(after);
    double squared = 0;
    double source = 0;
    double largest = 0;
    for (int i = 0; i < expected.length; i++) {
      squared += Math.pow(actual[i] - expected[i], 2);
      source += Math.pow(expected[i], 2);
      largest = Math.max(largest, Math.abs(actual[i] - expected[i]));
    }
    assertThat(told.largest()).isEqualTo(largest);
    double relative = Math.sqrt(squared / source);
    assertThat(told.relative()).isCloseTo(relative, within(relative * 1e-10));
    if (after.dtype() == DType.F32) {
      assertThat(told).isEqualTo(EncodingError.NONE);
    } else {
      assertThat(told.relative()).isPositive().isLessThan(0.5);
    }
  }

  @Test
  void threadsChangeNothing() throws IOException {
    Path original = synth(QuantizationMix.BF16);
    Path one = folder.resolve("one.gguf");
    Path four = folder.resolve("four.gguf");
    QuantizationMix mix = QuantizationMix.Q4_K_M;
    Quantizer.Report alone =
        new Quantizer(mix, 1, false, false).quantize(original, one, LoadProgress.NONE);
    Quantizer.Report together =
        new Quantizer(mix, 4, false, false).quantize(original, four, LoadProgress.NONE);
    assertThat(Files.mismatch(one, four)).isEqualTo(-1);
    assertThat(together).isEqualTo(alone);
  }

  @Test
  void readsFoldersAndCountsSubstitutes() {
    // Rows of 96 and 224: no multiples of 256, and 96 = 3 * 32, 224 = 7 * 32.
    Path target = folder.resolve("x.gguf");
    Quantizer.Report report =
        quantizer(QuantizationMix.Q4_K_M)
            .quantize(Checkpoints.golden("qwen2"), target, LoadProgress.NONE);
    assertThat(report.substitutes()).isEqualTo(2 * 7 + 2);
    try (ModelSource source = ModelSource.open(Checkpoints.golden("qwen2"));
        ModelSource model = ModelSource.open(target)) {
      assertThat(model.config()).isEqualTo(source.config());
      assertThat(model.tensor("blk.1.attn_q.weight").orElseThrow().dtype()).isEqualTo(DType.Q5_0);
      assertThat(model.tensor("output.weight").orElseThrow().dtype()).isEqualTo(DType.Q8_0);
    }
    try (GgufFile gguf = GgufFile.openMetadata(target)) {
      assertThat(gguf.metadata())
          .containsEntry("general.name", "qwen2")
          .containsEntry("general.file_type", 15);
    }
  }

  @Test
  void keepsAllMetadataOfGguf() {
    RawGguf raw =
        floats()
            .put("general.license", "apache-2.0")
            .put("general.file_type", 1)
            .put("qwq.test.vocab", List.of("ä", "", "b"))
            .put("qwq.test.numbers", new int[] {-1, 7})
            .withTokenizer()
            .build()
            .put("qwq.test.u8", RawGguf.ARRAY, RawGguf.array(0, 2, new byte[] {1, (byte) 200}))
            .put("qwq.test.u64", 10, RawGguf.int64(-1))
            .alignment(64);
    Path original = raw.writeTo(folder.resolve("a.gguf"));
    Path target = folder.resolve("b.gguf");
    quantizer(QuantizationMix.Q8_0).quantize(original, target, LoadProgress.NONE);
    try (GgufFile before = GgufFile.open(original);
        GgufFile after = GgufFile.open(target)) {
      Map<String, Object> expected = new LinkedHashMap<>(before.metadata());
      expected.remove("general.alignment");
      expected.put("general.file_type", 7);
      expected.put("general.quantization_version", 2);
      assertThat(after.metadata()).isEqualTo(expected);
    }
  }

  @Test
  void joinsSplitFiles() throws IOException {
    Path whole = synth(QuantizationMix.Q8_0);
    Path first = split(whole);
    Path target = folder.resolve("joined.gguf");
    Quantizer.Report report =
        quantizer(QuantizationMix.Q8_0).quantize(first, target, LoadProgress.NONE);
    // Of one format already: copied, though requantising is not allowed.
    assertThat(report.tensors()).allSatisfy(t -> assertThat(t.error().relative()).isZero());
    try (GgufFile expected = GgufFile.open(whole);
        GgufFile actual = GgufFile.open(target)) {
      assertThat(actual.metadata()).isEqualTo(expected.metadata());
      assertThat(actual.tensors().keySet()).isEqualTo(expected.tensors().keySet());
      expected
          .tensors()
          .forEach(
              (name, tensor) ->
                  assertThat(actual.tensor(name).orElseThrow().data().mismatch(tensor.data()))
                      .as(name)
                      .isEqualTo(-1));
    }
    assertThatThrownBy(
            () ->
                new Quantizer(QuantizationMix.Q8_0, 1, true, false)
                    .quantize(first, folder.resolve("s-00002-of-00002.gguf"), LoadProgress.NONE))
        .isInstanceOf(QwqException.class)
        .hasMessageContaining("is part of the model that is read");
  }

  @Test
  void quantisesTwiceOnlyWhenAllowed() throws IOException {
    Path q8 = synth(QuantizationMix.Q8_0);
    Path target = folder.resolve("x.gguf");
    assertThatThrownBy(
            () -> quantizer(QuantizationMix.Q4_0).quantize(q8, target, LoadProgress.NONE))
        .isInstanceOfSatisfying(
            QwqException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ARGUMENT))
        .hasMessageContaining(q8 + ": 43 tensors are quantised already (token_embd.weight is Q8_0")
        .hasMessageContaining("--allow-requantize");
    assertThat(target).doesNotExist();
    Quantizer.Report report =
        new Quantizer(QuantizationMix.Q4_0, 2, false, true).quantize(q8, target, LoadProgress.NONE);
    assertThat(report.bytes()).isEqualTo(Shapes.TINY.weightBytes(QuantizationMix.Q4_0));
    // To numbers that hold more is no way back, but no harm.
    Path f32 = folder.resolve("f32.gguf");
    new Quantizer(QuantizationMix.F32, 2, false, true).quantize(q8, f32, LoadProgress.NONE);
    try (ModelSource before = ModelSource.open(q8);
        ModelSource after = ModelSource.open(f32)) {
      for (TensorInfo tensor : before.tensors()) {
        assertThat(values(after.tensor(tensor.name()).orElseThrow())).isEqualTo(values(tensor));
      }
    }
  }

  @Test
  void replacesNothingUnlessAllowed() throws IOException {
    Path original = synth(QuantizationMix.F16);
    Path target = Files.writeString(folder.resolve("x.gguf"), "old");
    assertThatThrownBy(
            () -> quantizer(QuantizationMix.Q8_0).quantize(original, target, LoadProgress.NONE))
        .isInstanceOf(QwqException.class)
        .hasMessage(target + ": is there already; --force replaces it");
    assertThat(target).hasContent("old");
    new Quantizer(QuantizationMix.Q8_0, 2, true, false)
        .quantize(original, target, LoadProgress.NONE);
    assertThat(Files.size(target)).isGreaterThan(1_000_000);
    // One that comes meanwhile is not replaced either.
    Path late = folder.resolve("late.gguf");
    assertThatThrownBy(
            () ->
                quantizer(QuantizationMix.Q8_0)
                    .quantize(
                        original,
                        late,
                        (done, total) -> Files.exists(late) || late.toFile().mkdir()))
        .isInstanceOf(QwqException.class)
        .hasMessageContaining("is there already");
    assertThat(names()).containsExactlyInAnyOrder("F16.gguf", "x.gguf", "late.gguf");
  }

  @Test
  void namesAWeightThatIsNoNumber() throws IOException {
    Path original = synth(QuantizationMix.F32);
    try (GgufFile gguf = GgufFile.open(original);
        RandomAccessFile file = new RandomAccessFile(original.toFile(), "rw")) {
      TensorInfo tensor = gguf.tensor("blk.2.ffn_up.weight").orElseThrow();
      MemorySegment whole = gguf.tensor("token_embd.weight").orElseThrow().data();
      long start = file.length() - gguf.tensors().values().stream().mapToLong(t -> t.bytes()).sum();
      long offset = start + tensor.data().address() - whole.address();
      file.seek(offset + 4L * (300 * 256 + 5));
      file.write(new byte[] {0, 0, (byte) 0xC0, 0x7F});
    }
    assertThatThrownBy(
            () ->
                quantizer(QuantizationMix.Q8_0)
                    .quantize(original, folder.resolve("x.gguf"), LoadProgress.NONE))
        .isInstanceOfSatisfying(
            QwqException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.MALFORMED_FILE))
        .hasMessage(
            original + ": blk.2.ffn_up.weight[300, 5]: expected a finite number, found NaN");
    assertThat(names()).containsExactly("F32.gguf");
  }

  @Test
  void survivesASourceThatIsCutShort() {
    Path original = synth(QuantizationMix.F16);
    assertThatThrownBy(
            () ->
                quantizer(QuantizationMix.Q8_0)
                    .quantize(original, folder.resolve("x.gguf"), (done, total) -> cut(original)))
        .isInstanceOfSatisfying(
            QwqException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.WEIGHTS_DAMAGED));
    assertThat(names()).containsExactly("F16.gguf");
  }

  @Test
  void leavesNothingBehindWhenStopped() {
    Path original = synth(QuantizationMix.F16);
    assertThatThrownBy(
            () ->
                quantizer(QuantizationMix.Q4_K_M)
                    .quantize(
                        original,
                        folder.resolve("x.gguf"),
                        (done, total) -> done < total - total / 10))
        .isInstanceOf(CancellationException.class);
    assertThat(names()).containsExactly("F16.gguf");
  }

  @Test
  void tellsWhatIsNoModel() throws IOException {
    Path text = Files.writeString(folder.resolve("a.gguf"), "hello");
    assertThatThrownBy(
            () ->
                quantizer(QuantizationMix.Q8_0)
                    .quantize(text, folder.resolve("x.gguf"), LoadProgress.NONE))
        .isInstanceOf(MalformedFileException.class);
    assertThat(names()).containsExactly("a.gguf");
  }

  private static Quantizer quantizer(QuantizationMix mix) {
    return new Quantizer(mix, 2, false, false);
  }

  private Path synth(QuantizationMix mix) {
    Path file = folder.resolve(mix + ".gguf");
    SynthModel.write(Shapes.TINY, mix, 11, file, 2, LoadProgress.NONE);
    return file;
  }

  /** A model of one layer, all floats. */
  private static MiniGguf floats() {
    MiniGguf gguf = new MiniGguf();
    Map.copyOf(gguf.tensors)
        .forEach(
            (name, tensor) -> {
              if (tensor.dtype() != DType.F32) {
                // The bytes of the file are arbitrary; as BF16 with these none is infinite.
                gguf.tensors.replace(name, new MiniGguf.Tensor(DType.BF16, tensor.shape()));
              }
            });
    return gguf;
  }

  private Path split(Path whole) {
    Path first = folder.resolve("s-00001-of-00002.gguf");
    try (GgufFile gguf = GgufFile.open(whole)) {
      List<TensorInfo> tensors = List.copyOf(gguf.tensors().values());
      int half = tensors.size() / 2;
      for (int part = 0; part < 2; part++) {
        List<TensorInfo> mine =
            part == 0 ? tensors.subList(0, half) : tensors.subList(half, tensors.size());
        Path file = folder.resolve("s-0000%d-of-00002.gguf".formatted(part + 1));
        boolean withHead = part == 0;
        try (GgufWriter writer = GgufWriter.create(file)) {
          writer
              .putAll(gguf, key -> withHead)
              .putUint16("split.no", part)
              .putUint16("split.count", 2)
              .putInt32("split.tensors.count", tensors.size());
          mine.forEach(t -> writer.declare(t.name(), t.dtype(), t.shape()));
          writer.begin(LoadProgress.NONE);
          mine.forEach(t -> writer.write(t.name(), t.data().asByteBuffer()));
          writer.finish();
        }
      }
    }
    return first;
  }

  private static boolean cut(Path file) {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(4096);
      return true;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private List<String> names() {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).toList();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static double[] values(TensorInfo tensor) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment floats = arena.allocate(ValueLayout.JAVA_FLOAT, tensor.elements());
      NativeFormats.dequantize(tensor.dtype(), tensor.data(), tensor.rows(), tensor.cols(), floats);
      double[] values = new double[(int) tensor.elements()];
      for (int i = 0; i < values.length; i++) {
        values[i] = floats.getAtIndex(ValueLayout.JAVA_FLOAT, i);
      }
      return values;
    }
  }
}
