package dev.qwq.weights;

import static dev.qwq.weights.RawGguf.array;
import static dev.qwq.weights.RawGguf.concat;
import static dev.qwq.weights.RawGguf.int32;
import static dev.qwq.weights.RawGguf.int64;
import static dev.qwq.weights.RawGguf.string;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qwq.ErrorCode;
import dev.qwq.MalformedFileException;
import dev.qwq.QwqException;
import dev.qwq.UnsupportedModelException;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a sound GGUF file gives, and how each damage is told. */
class GgufFileTest {
  private static final int F32 = DType.F32.id();
  private static final int Q4_0 = DType.Q4_0.id();

  @TempDir Path folder;

  /** 32 floats, then 2 rows of 64 elements in Q4_0. */
  private static RawGguf sound() {
    return new RawGguf()
        .put("general.name", "näme")
        .tensor("a", F32, 0, 32)
        .tensor("b", Q4_0, 128, 64, 2)
        .data(128 + 72);
  }

  @Test
  void readsTensorsWhereTheyLie() {
    try (GgufFile gguf = GgufFile.open(write(sound()))) {
      assertThat(gguf.metadata()).containsEntry("general.name", "näme");
      assertThat(gguf.tensors().keySet()).containsExactly("a", "b");
      TensorInfo b = gguf.tensor("b").orElseThrow();
      assertThat(b.dtype()).isEqualTo(DType.Q4_0);
      assertThat(b.shape()).isEqualTo(List.of(2L, 64L));
      assertThat(b.rows()).isEqualTo(2);
      assertThat(b.cols()).isEqualTo(64);
      assertThat(b.bytes()).isEqualTo(2 * 2 * 18);
      assertThat(b.data().get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) (128 * 31 + 7));
      assertThat(gguf.files().paths()).containsExactly(gguf.path());
    }
  }

  @Test
  void readsVersion2AndOtherAlignments() {
    RawGguf file = new RawGguf().version(2).alignment(64).tensor("a", F32, 64, 1).data(68);
    try (GgufFile gguf = GgufFile.open(write(file))) {
      assertThat(gguf.tensor("a").orElseThrow().data().get(ValueLayout.JAVA_BYTE, 0))
          .isEqualTo((byte) (64 * 31 + 7));
    }
  }

  @Test
  void readsAllTypesOfValues() {
    RawGguf file =
        new RawGguf()
            .put("u8", 0, new byte[] {-1})
            .put("i8", 1, new byte[] {-1})
            .put("u16", 2, new byte[] {-1, -1})
            .put("i16", 3, new byte[] {-2, -1})
            .put("u32", 4, int32(-1))
            .put("i32", 5, int32(-1))
            .put("f32", 0.5f)
            .put("bool", true)
            .put("string", "")
            .put("u64", 10, int64(-1))
            .put("i64", 11, int64(-1))
            .put("f64", 12, int64(Double.doubleToRawLongBits(0.1)))
            .put("strings", 9, array(8, 2, string("x"), string("ÿ")))
            .put("ints", 9, array(5, 3, int32(1), int32(-2), int32(3)))
            .put("nothing", 9, array(6, 0));
    try (GgufFile gguf = GgufFile.openMetadata(write(file))) {
      assertThat(gguf.metadata())
          .containsEntry("u8", 255)
          .containsEntry("i8", -1)
          .containsEntry("u16", 65535)
          .containsEntry("i16", -2)
          .containsEntry("u32", 0xFFFFFFFFL)
          .containsEntry("i32", -1)
          .containsEntry("f32", 0.5f)
          .containsEntry("bool", true)
          .containsEntry("string", "")
          .containsEntry("u64", BigInteger.ONE.shiftLeft(64).subtract(BigInteger.ONE))
          .containsEntry("i64", -1L)
          .containsEntry("f64", 0.1)
          .containsEntry("strings", List.of("x", "ÿ"))
          .containsEntry("ints", List.of(1, -2, 3))
          .containsEntry("nothing", List.of());
    }
  }

  @Test
  void readsMetadataOfAFileWhoseTensorsAreMissing() throws IOException {
    byte[] bytes = sound().bytes();
    Path file = Files.write(folder.resolve("x.gguf"), Arrays.copyOf(bytes, bytes.length - 250));
    try (GgufFile gguf = GgufFile.openMetadata(file)) {
      assertThat(gguf.metadata()).containsKey("general.name");
      assertThat(gguf.tensors()).isEmpty();
    }
    assertThatThrownBy(() -> GgufFile.open(file)).isInstanceOf(MalformedFileException.class);
  }

  @Test
  void tellsFilesThatAreSomethingElse() throws IOException {
    malformed(new byte[0], "magic", "an empty file");
    malformed("GG".getBytes(UTF_8), "magic", "bytes 47 47");
    malformed(new byte[] {1, 2, 3, 4, 5}, "magic", "bytes 01 02 03 04");
    malformed("PK\003\004....".getBytes(UTF_8), "magic", "a zip archive");
    malformed(
        "version https://git-lfs.github.com/spec/v1".getBytes(UTF_8), "magic", "a Git LFS pointer");
    malformed("<!DOCTYPE html><html>".getBytes(UTF_8), "magic", "a web page");
    malformed("tjgg0000".getBytes(UTF_8), "magic", "from before GGUF");
    malformed(concat(int64(100), "{\"a\":{}}".getBytes(UTF_8)), "magic", "a safetensors file");
  }

  @Test
  void tellsOtherVersions() {
    unsupported(sound().version(1), "version", "found 1");
    unsupported(sound().version(4), "version", "found 4");
    unsupported(sound().version(0x03000000), "version", "version 3, big-endian");
    unsupported(sound().version(-1), "version", "4294967295");
  }

  @Test
  void tellsATruncatedFileWhereverItEnds() throws IOException {
    byte[] bytes = sound().bytes();
    for (int length = 4; length < bytes.length; length++) {
      malformed(Arrays.copyOf(bytes, length), "", "");
    }
    malformed(Arrays.copyOf(bytes, bytes.length - 1), "b", "the end of the file at");
  }

  @Test
  void tellsAbsurdCounts() {
    malformed(sound().keyCount(-1), "number of metadata entries", "18446744073709551615");
    malformed(sound().keyCount(1L << 40), "number of metadata entries", "1099511627776");
    malformed(sound().tensorCount(1 << 16), "number of tensors", "65536");
    malformed(sound().tensorCount(Long.MIN_VALUE), "number of tensors", "9223372036854775808");
    malformed(sound().put("k", 8, int64(Long.MAX_VALUE)), "k", "9223372036854775807");
    malformed(sound().put("k", 9, array(5, 1L << 24)), "k", "16777216 elements");
    malformed(sound().put("k", 9, array(5, 1L << 60)), "k length", "1152921504606846976");
    malformed(sound().put("k", 9, array(8, -1)), "k length", "18446744073709551615");
  }

  @Test
  void tellsBadMetadata() {
    malformed(sound().put("k", 13, int64(0)), "k", "13");
    malformed(sound().put("k", -1, int64(0)), "k", "4294967295");
    malformed(sound().put("k", 7, new byte[] {2}), "k", "2");
    malformed(sound().put("general.name", 1), "general.name", "a second time");
    unsupported(sound().put("k", 9, array(9, 1, array(5, 0))), "k", "an array of arrays");
    byte[] notUtf8 = concat(int64(2), new byte[] {(byte) 0xC3, 'x'});
    malformed(sound().put("tokenizer.x", 8, notUtf8), "tokenizer.x", "UTF-8");
    try (GgufFile gguf = GgufFile.open(write(sound().put("general.author", 8, notUtf8)))) {
      assertThat(gguf.metadata()).containsEntry("general.author", "\uFFFDx");
    }
  }

  @Test
  void tellsABadAlignment() {
    malformed(sound().put("general.alignment", 0), "general.alignment", "0");
    malformed(sound().put("general.alignment", 24), "general.alignment", "24");
    malformed(sound().put("general.alignment", 1 << 30), "general.alignment", "1073741824");
    malformed(sound().put("general.alignment", "32"), "general.alignment", "32");
  }

  @Test
  void tellsTensorsOutOfPlace() {
    malformed(sound().tensor("c", F32, 224, 1), "c", "the end of the file");
    malformed(sound().tensor("c", F32, Long.MAX_VALUE - 31, 1), "c", "the end of the file");
    malformed(sound().tensor("c", F32, -32, 1), "c offset", "18446744073709551584");
    malformed(sound().tensor("c", F32, 4, 1), "c offset", "a multiple of 32");
    malformed(sound().tensor("c", F32, 96, 1), "c offset", "at least 128, where a ends");
    malformed(sound().tensor("c", F32, 0, 32), "offset", "ends");
    malformed(sound().data(400).tensor("a", F32, 224, 1), "a", "a second one");
  }

  @Test
  void tellsAbsurdShapes() {
    malformed(sound().tensor("c", F32, 0), "c dimensions", "1 to 4");
    malformed(sound().tensor("c", F32, 0, 1, 1, 1, 1, 1), "c dimensions", "5");
    malformed(sound().tensor("c", F32, 0, 0), "c shape", "[0]");
    malformed(sound().tensor("c", F32, 0, 5, -1), "c shape", "[18446744073709551615, 5]");
    malformed(sound().tensor("c", F32, 0, 1L << 32, 1L << 32), "c shape", "4294967296");
    malformed(sound().tensor("c", F32, 0, 1L << 62), "c shape", "4611686018427387904");
    malformed(sound().tensor("c", F32, 0, 1L << 60), "c", "the end of the file");
    malformed(sound().tensor("c", Q4_0, 0, 33), "c", "rows of 33");
  }

  @Test
  void tellsBadNames() {
    malformed(sound().tensor("", F32, 0, 1), "name of tensor 2", "\"\"");
    malformed(sound().tensor("x\u0007", F32, 0, 1), "name of tensor 2", "x\uFFFD");
    malformed(sound().tensor("x".repeat(101), F32, 0, 1), "name of tensor 2", "101");
  }

  @Test
  void tellsUnknownTypesAndKnowsOthersByName() {
    unsupported(sound().tensor("c", 99, 0, 1), "c type", "the unknown type 99");
    unsupported(sound().tensor("c", -1, 0, 1), "c type", "the unknown type 4294967295");
    RawGguf file = new RawGguf().tensor("c", DType.IQ3_XXS.id(), 0, 256).data(98);
    try (GgufFile gguf = GgufFile.open(write(file))) {
      assertThat(gguf.tensor("c").orElseThrow().dtype()).isEqualTo(DType.IQ3_XXS);
    }
  }

  @Test
  void tellsWhatCannotBeRead() {
    unreadable(folder.resolve("absent.gguf"), "no such file");
    unreadable(folder, "a folder");
    if (Files.exists(Path.of("/dev/zero"))) {
      unreadable(Path.of("/dev/zero"), "not a file");
    }
  }

  @Test
  void noticesAFileThatIsWrittenTo() throws IOException {
    Path file = write(sound());
    try (GgufFile gguf = GgufFile.open(file)) {
      gguf.files().verifyUnchanged();
      Files.write(folder.resolve("new"), sound().data(300).bytes());
      Files.move(folder.resolve("new"), file, StandardCopyOption.REPLACE_EXISTING);
      gguf.files().verifyUnchanged(); // replaced, not changed
    }
    try (GgufFile gguf = GgufFile.open(file)) {
      Files.write(file, new byte[1], StandardOpenOption.APPEND);
      assertThatThrownBy(() -> gguf.files().verifyUnchanged())
          .isInstanceOfSatisfying(
              QwqException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.WEIGHTS_DAMAGED));
    }
  }

  @Test
  void readsBeyondTwoGigabytes() throws IOException {
    long offset = (3L << 30) + 32;
    byte[] head = new RawGguf().tensor("a", F32, 0, 1).tensor("b", F32, offset, 2).bytes();
    Path file = folder.resolve("large.gguf");
    long start = (head.length + 31L) & -32L;
    try (var channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.SPARSE,
            StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(head), 0);
      byte[] values = concat(int32(Float.floatToIntBits(7f)), int32(Float.floatToIntBits(8f)));
      channel.write(ByteBuffer.wrap(values), start + offset);
    }
    try (GgufFile gguf = GgufFile.open(file)) {
      TensorInfo b = gguf.tensor("b").orElseThrow();
      assertThat(b.data().getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, 1)).isEqualTo(8f);
      WeightFiles.InMemory copies = gguf.files().readIntoMemory(List.of(b), (done, total) -> true);
      try (WeightFiles memory = copies.memory()) {
        assertThat(memory.paths()).isEmpty();
        assertThat(copies.tensors().getFirst().data().mismatch(b.data())).isEqualTo(-1);
      }
    }
  }

  private Path write(RawGguf file) {
    return file.writeTo(folder.resolve("model.gguf"));
  }

  private void malformed(RawGguf file, String field, String found) {
    assertThatThrownBy(() -> GgufFile.open(write(file)).close())
        .isInstanceOfSatisfying(
            MalformedFileException.class, e -> assertThat(e.field()).contains(field))
        .hasMessageContaining(found)
        .hasMessageContaining("model.gguf: ");
  }

  private void malformed(byte[] bytes, String field, String found) throws IOException {
    Path file = Files.write(folder.resolve("model.gguf"), bytes);
    assertThatThrownBy(() -> GgufFile.open(file).close())
        .isInstanceOfSatisfying(
            MalformedFileException.class, e -> assertThat(e.field()).contains(field))
        .hasMessageContaining(found);
  }

  private void unsupported(RawGguf file, String field, String found) {
    assertThatThrownBy(() -> GgufFile.open(write(file)).close())
        .isInstanceOf(UnsupportedModelException.class)
        .hasMessageContaining("model.gguf: " + field + ": supported are ")
        .hasMessageContaining(found);
  }

  private static void unreadable(Path file, String why) {
    assertThatThrownBy(() -> GgufFile.open(file).close())
        .isInstanceOfSatisfying(
            QwqException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.FILE_UNREADABLE))
        .hasMessageContaining(file.toString())
        .hasMessageContaining(why);
  }
}
