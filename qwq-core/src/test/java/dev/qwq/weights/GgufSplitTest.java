package dev.qwq.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qwq.ErrorCode;
import dev.qwq.MalformedFileException;
import dev.qwq.QwqException;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model in three files. */
class GgufSplitTest {
  private static final int UINT16 = 2;

  @TempDir Path folder;
  private Path first;

  @BeforeEach
  void writeParts() {
    first = part(0, 3).put("general.name", "split").writeTo(path(1));
    part(1, 3).tensor("a", 0, 0, 2).data(8).writeTo(path(2));
    part(2, 3).tensor("b", 0, 0, 2).tensor("c", 0, 32, 3).data(44).writeTo(path(3));
  }

  @Test
  void readsAllParts() {
    try (GgufFile gguf = GgufFile.open(first)) {
      assertThat(gguf.metadata()).containsEntry("general.name", "split");
      assertThat(gguf.tensors().keySet()).containsExactly("a", "b", "c");
      assertThat(gguf.files().paths()).containsExactly(path(1), path(2), path(3));
      assertThat(gguf.tensor("c").orElseThrow().data().get(ValueLayout.JAVA_BYTE, 0))
          .isEqualTo((byte) (32 * 31 + 7));
    }
  }

  @Test
  void namesAMissingPart() throws IOException {
    Files.delete(path(2));
    assertThatThrownBy(() -> GgufFile.open(first).close())
        .isInstanceOfSatisfying(
            QwqException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.FILE_UNREADABLE))
        .hasMessageContaining(path(2) + ": no such file")
        .hasMessageContaining("the first of 3 parts");
  }

  @Test
  void namesTheFirstPartIfAnotherIsOpened() {
    malformed(path(2), "open the first part, " + first);
  }

  @Test
  void tellsARenamedFile() throws IOException {
    Path renamed = Files.move(first, folder.resolve("model.gguf"));
    malformed(renamed, "NAME-00001-of-00003.gguf");
    Path other = Files.move(renamed, folder.resolve("x-00001-of-00004.gguf"));
    malformed(other, "NAME-00001-of-00003.gguf");
  }

  @Test
  void tellsPartsThatDoNotBelongTogether() {
    part(2, 3).tensor("a", 0, 0, 2).data(8).writeTo(path(2));
    malformed(first, "split.no: expected 1, found 2");
    part(1, 4).tensor("a", 0, 0, 2).data(8).writeTo(path(2));
    malformed(first, "split.count: expected 3, found 4");
    new RawGguf().tensor("a", 0, 0, 2).data(8).writeTo(path(2));
    malformed(first, "split.no: expected 1, found nothing");
    part(1, 3).tensor("b", 0, 0, 2).data(8).writeTo(path(2));
    malformed(first, "b: expected a tensor in one part only");
    part(1, 3).tensor("a", 0, 0, 2).tensor("d", 0, 32, 1).data(36).writeTo(path(2));
    malformed(first, "split.tensors.count: expected 3 tensors in all parts, found 4");
  }

  @Test
  void tellsAbsurdCounts() {
    new RawGguf().put("split.count", -1).writeTo(first);
    malformed(first, "split.count");
    new RawGguf().put("split.count", 1_000_000).writeTo(first);
    malformed(first, "split.count");
  }

  @Test
  void tellsRawCutsToBePutTogether() throws IOException {
    Path cut = Files.write(folder.resolve("QwQ.Q4_K_M.gguf.part1of2"), new byte[10]);
    malformed(cut, "cat QwQ.Q4_K_M.gguf.part1of2 QwQ.Q4_K_M.gguf.part2of2 > QwQ.Q4_K_M.gguf");
    malformed(cut, "piece 1 of 2");
  }

  private RawGguf part(int index, int count) {
    return new RawGguf()
        .put("split.no", UINT16, new byte[] {(byte) index, 0})
        .put("split.count", UINT16, new byte[] {(byte) count, 0})
        .put("split.tensors.count", 5, RawGguf.int32(3));
  }

  private Path path(int number) {
    return folder.resolve("model-0000" + number + "-of-00003.gguf");
  }

  private static void malformed(Path file, String message) {
    assertThatThrownBy(() -> GgufFile.open(file).close())
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining(message);
  }
}
