package dev.qwq.nativelib.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qwq.nativelib.NativeLibrary;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

final class CudaLibraryTest {
  @Test
  void hasNoneForOtherPlatforms() {
    assertThat(new CudaLibrary().open("plan_9-mips")).isNull();
  }

  @Test
  void isUnpackedBesideTheLibraryThatOpensIt() throws IOException {
    Path unpacked = NativeLibrary.path().resolveSibling(System.mapLibraryName("qwq_cuda"));
    String processor = System.getProperty("os.arch").replace("amd64", "x86_64");

    try (InputStream packaged = new CudaLibrary().open("linux-" + processor)) {
      assertThat(packaged).isNotNull().hasBinaryContent(Files.readAllBytes(unpacked));
    }
    assertThat(Files.size(unpacked)).isGreaterThan(1 << 20);
  }
}
