package dev.qwq.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BundledModelTest {
  @TempDir Path cache;

  @Test
  void unpacksOnceEvenForManyAtOnce() throws Exception {
    try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
      Callable<Path> unpack = () -> BundledModel.unpackInto(cache.resolve("a/b"));
      var folders = executor.invokeAll(java.util.Collections.nCopies(8, unpack));
      for (var folder : folders) {
        assertThat(folder.get()).isEqualTo(folders.getFirst().get());
      }
    }
    try (Stream<Path> all = Files.list(cache.resolve("a/b"))) {
      assertThat(all.collect(Collectors.toList())).hasSize(1);
    }
  }

  @Test
  void isPrivateAndRepairsItself() throws IOException {
    Path folder = BundledModel.unpackInto(cache);
    if (folder.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder)))
          .isEqualTo("rwx------");
    }
    Files.writeString(folder.resolve("model.safetensors"), "cut short");
    assertThat(BundledModel.unpackInto(cache)).isEqualTo(folder);
    assertThat(Files.size(folder.resolve("model.safetensors"))).isGreaterThan(10_000_000);
  }
}
