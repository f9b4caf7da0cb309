package dev.qwq.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files are whole or not there. */
class GgufWriterTest {
  @TempDir Path folder;

  @Test
  void writesWhatTheReaderReads() {
    Path target = folder.resolve("x.gguf");
    List<Long> progress = new ArrayList<>();
    try (GgufWriter writer = GgufWriter.create(target)) {
      writer
          .putString("s", "ü")
          .putUint32("u32", 7)
          .putInt32("i32", -7)
          .putUint16("u16", 65535)
          .putFloat32("f32", 0.25f)
          .putBool("b", true)
          .putStrings("strings", List.of("a", "", "c"))
          .putInt32s("ints", new int[] {1, -1})
          .declare("vector", DType.F32, List.of(3L))
          .declare("matrix", DType.Q8_0, List.of(2L, 32L));
      writer.begin(
          (done, total) -> {
            assertThat(total).isEqualTo(12 + 68);
            return progress.add(done);
          });
      writer.write("vector", ByteBuffer.wrap(new byte[] {1, 2, 3, 4}));
      writer.write("vector", ByteBuffer.wrap(new byte[8]));
      writer.write("matrix", ByteBuffer.wrap(new byte[68]).put(67, (byte) 9));
      assertThat(target).doesNotExist();
      writer.finish();
    }
    assertThat(progress).containsExactly(4L, 12L, 80L);
    try (GgufFile gguf = GgufFile.open(target)) {
      assertThat(gguf.metadata())
          .containsEntry("s", "ü")
          .containsEntry("u32", 7)
          .containsEntry("i32", -7)
          .containsEntry("u16", 65535)
          .containsEntry("f32", 0.25f)
          .containsEntry("b", true)
          .containsEntry("strings", List.of("a", "", "c"))
          .containsEntry("ints", List.of(1, -1));
      assertThat(gguf.tensor("vector").orElseThrow().data().get(ValueLayout.JAVA_BYTE, 2))
          .isEqualTo((byte) 3);
      TensorInfo matrix = gguf.tensor("matrix").orElseThrow();
      assertThat(matrix.shape()).isEqualTo(List.of(2L, 32L));
      assertThat(matrix.data().get(ValueLayout.JAVA_BYTE, 67)).isEqualTo((byte) 9);
    }
    assertThat(entries()).containsExactly("x.gguf");
  }

  @Test
  void leavesNothingBehindUnlessItIsFinished() throws IOException {
    Path target = Files.writeString(folder.resolve("x.gguf"), "old");
    try (GgufWriter writer = GgufWriter.create(target)) {
      writer.declare("a", DType.F32, List.of(2L)).begin((done, total) -> true);
      writer.write("a", ByteBuffer.allocate(4));
      assertThatThrownBy(writer::finish).isInstanceOf(IllegalStateException.class);
    }
    assertThat(entries()).containsExactly("x.gguf");
    assertThat(target).hasContent("old");
  }

  @Test
  void replacesNothingUnlessAsked() throws IOException {
    Path target = folder.resolve("x.gguf");
    try (GgufWriter writer = GgufWriter.createNew(target)) {
      writer.declare("a", DType.F32, List.of(1L)).begin((done, total) -> true);
      writer.write("a", ByteBuffer.allocate(4));
      Files.writeString(target, "meanwhile");
      assertThatThrownBy(writer::finish)
          .isInstanceOfSatisfying(
              QwqException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ARGUMENT))
          .hasMessage(target + ": is there already");
    }
    assertThat(target).hasContent("meanwhile");
    assertThatThrownBy(() -> GgufWriter.createNew(target).close()).isInstanceOf(QwqException.class);
    assertThat(entries()).containsExactly("x.gguf");
    Files.delete(target);
    try (GgufWriter writer = GgufWriter.createNew(target)) {
      writer.declare("a", DType.F32, List.of(1L)).begin((done, total) -> true);
      writer.write("a", ByteBuffer.allocate(4));
      writer.finish();
    }
    assertThat(entries()).containsExactly("x.gguf");
    GgufFile.open(target).close();
  }

  @Test
  void stopsWhenToldTo() {
    Path target = folder.resolve("x.gguf");
    try (GgufWriter writer = GgufWriter.create(target)) {
      writer.declare("a", DType.F32, List.of(2L)).begin((done, total) -> false);
      assertThatThrownBy(() -> writer.write("a", ByteBuffer.allocate(4)))
          .isInstanceOf(CancellationException.class);
    }
    assertThat(entries()).isEmpty();
  }

  @Test
  void insistsOnTheOrderOfDeclarations() {
    try (GgufWriter writer = GgufWriter.create(folder.resolve("x.gguf"))) {
      assertThatThrownBy(() -> writer.write("a", ByteBuffer.allocate(4)))
          .isInstanceOf(IllegalStateException.class);
      writer.putBool("k", true);
      assertThatThrownBy(() -> writer.putBool("k", true))
          .isInstanceOf(IllegalArgumentException.class);
      writer.declare("a", DType.F32, List.of(2L)).declare("b", DType.F32, List.of(1L));
      assertThatThrownBy(() -> writer.declare("a", DType.F32, List.of(2L)))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> writer.declare("u8", DType.U8, List.of(2L)))
          .isInstanceOf(IllegalArgumentException.class);
      writer.begin((done, total) -> true);
      assertThatThrownBy(() -> writer.putBool("l", true)).isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(() -> writer.write("b", ByteBuffer.allocate(4)))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> writer.write("a", ByteBuffer.allocate(9)))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void tellsWhereItCannotWrite() {
    for (Path target : List.of(folder, folder.resolve("absent").resolve("x.gguf"))) {
      assertThatThrownBy(() -> GgufWriter.create(target).close())
          .isInstanceOfSatisfying(
              QwqException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.FILE_UNREADABLE))
          .hasMessageContaining(target + ": cannot be written");
    }
    try (GgufWriter writer = GgufWriter.create(folder.resolve("x.gguf"))) {
      writer.declare("huge", DType.F32, List.of(1L << 55));
      assertThatThrownBy(() -> writer.begin((done, total) -> true))
          .isInstanceOf(QwqException.class)
          .hasMessageContaining("bytes, and");
    }
  }

  private List<String> entries() {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
