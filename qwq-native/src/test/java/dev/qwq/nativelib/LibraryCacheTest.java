package dev.qwq.nativelib;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LibraryCacheTest {
  private static final byte[] CONTENT = "the library".getBytes(UTF_8);

  // printf 'the library' | sha256sum
  private static final String SHA256 =
      "0ea2bff2393cf54f7adcc77a67a67a94d878e90b24b550f0f2fad783ecc78c4e";

  @TempDir Path temporary;
  private Path root;
  private LibraryCache cache;

  @BeforeEach
  void newCache() {
    root = temporary.resolve("cache").resolve("natives");
    cache = new LibraryCache(root);
  }

  @Test
  void unpacksIntoAPrivateFolderNamedByTheContent() throws IOException {
    Path file = unpack(cache, CONTENT);

    assertThat(file).isEqualTo(root.resolve(SHA256).resolve("libqwq.so")).hasBinaryContent(CONTENT);
    assertThat(entries(root.resolve(SHA256))).containsExactly(file);
    assumePosix();
    assertThat(permissions(root.resolve(SHA256))).isEqualTo("rwx------");
    assertThat(permissions(root)).isEqualTo("rwx------");
    assertThat(permissions(file)).isEqualTo("rw-------");
  }

  @Test
  void usesWhatIsThere() throws IOException {
    Path file = unpack(cache, CONTENT);
    FileTime longAgo = FileTime.from(Instant.parse("2001-01-01T00:00:00Z"));
    Files.setLastModifiedTime(file, longAgo);

    assertThat(unpack(cache, CONTENT)).isEqualTo(file);
    assertThat(Files.getLastModifiedTime(file)).isEqualTo(longAgo);
  }

  @Test
  void keepsTwoVersionsApart() throws IOException {
    Path one = unpack(cache, CONTENT);
    Path other = unpack(cache, "another version".getBytes(UTF_8));

    assertThat(one).hasBinaryContent(CONTENT).isNotEqualTo(other);
  }

  @Test
  void replacesDamagedFiles() throws IOException {
    Path file = unpack(cache, CONTENT);
    byte[] flipped = CONTENT.clone();
    flipped[3] ^= 1;
    for (byte[] damaged : List.of(new byte[0], "the lib".getBytes(UTF_8), flipped)) {
      Files.write(file, damaged);
      assertThat(unpack(cache, CONTENT)).hasBinaryContent(CONTENT);
    }
  }

  @Test
  void followsNoLink() throws IOException {
    assumePosix();
    Path file = unpack(cache, CONTENT);
    Path elsewhere = Files.write(temporary.resolve("elsewhere"), CONTENT);
    Files.delete(file);
    Files.createSymbolicLink(file, elsewhere);

    unpack(cache, CONTENT);

    assertThat(Files.isSymbolicLink(file)).isFalse();
    assertThat(file).hasBinaryContent(CONTENT);
  }

  @Test
  void refusesAFolderThatOthersMayWriteTo() throws IOException {
    assumePosix();
    Path file = unpack(cache, CONTENT);
    for (Path open : List.of(root, root.resolve(SHA256))) {
      for (String mode : List.of("rwxrwxr-x", "rwx----w-", "rwxrwxrwx")) {
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString(mode));
        assertThatThrownBy(() -> unpack(cache, CONTENT))
            .isInstanceOf(IOException.class)
            .hasMessage(open + " is writable by other users");
      }
      Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
    assertThat(unpack(cache, CONTENT)).isEqualTo(file);
  }

  @Test
  void refusesAFolderOfAnotherUser() throws IOException {
    assumeTrue(
        Files.isDirectory(Path.of("/proc/self")) && System.getProperty("user.name").equals("root"),
        "only root can give a folder away");
    unpack(cache, CONTENT);
    Files.setAttribute(root.resolve(SHA256), "unix:uid", 12345);

    assertThatThrownBy(() -> unpack(cache, CONTENT))
        .isInstanceOf(IOException.class)
        .hasMessage(root.resolve(SHA256) + " belongs to another user");
  }

  @Test
  void saysWhereItCannotWrite() throws IOException {
    Files.write(temporary.resolve("cache"), CONTENT); // a file where a folder should be

    assertThatThrownBy(() -> unpack(cache, CONTENT))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(temporary.resolve("cache").toString());
  }

  @Test
  void manyAtATimeAgree() throws Exception {
    byte[] large = new byte[1 << 20];
    Arrays.fill(large, (byte) 7);
    List<Callable<Path>> tasks = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      tasks.add(
          () -> {
            Path file = unpack(new LibraryCache(root), large);
            assertThat(file).hasBinaryContent(large);
            return file;
          });
    }
    try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
      for (Future<Path> future : threads.invokeAll(tasks)) {
        assertThat(entries(root.resolve(LibraryCache.sha256(large)))).containsExactly(future.get());
      }
    }
  }

  @Test
  void keepsTogetherWhatBelongsTogether() throws IOException {
    List<LibraryCache.Content> contents =
        List.of(
            new LibraryCache.Content("libqwq.so", CONTENT),
            new LibraryCache.Content("libqwq_cuda.so", "kernels".getBytes(UTF_8)));
    Path alone = unpack(cache, CONTENT);

    List<Path> files = cache.unpack(contents);

    // (printf 'libqwq.so %s\nlibqwq_cuda.so %s\n' $(printf 'the library' | sha256sum | cut -c-64)
    // $(printf kernels | sha256sum | cut -c-64)) | sha256sum
    Path folder = root.resolve("9a875be0027c9e068d5394b73c58cc4362c443fadf0a07fec5424e145db201d9");
    assertThat(files)
        .containsExactly(folder.resolve("libqwq.so"), folder.resolve("libqwq_cuda.so"));
    assertThat(entries(folder)).containsExactlyInAnyOrderElementsOf(files);
    assertThat(files.get(0)).hasBinaryContent(CONTENT);
    assertThat(files.get(1)).hasContent("kernels");
    // What was unpacked without it stays without it, and kernels of another build go elsewhere.
    assertThat(entries(root.resolve(SHA256))).containsExactly(alone);
    Path other =
        cache
            .unpack(
                List.of(
                    contents.get(0),
                    new LibraryCache.Content("libqwq_cuda.so", "others".getBytes(UTF_8))))
            .getFirst();
    assertThat(other).hasBinaryContent(CONTENT).isNotEqualTo(files.get(0)).isNotEqualTo(alone);
    // A lost or damaged companion comes back.
    Files.delete(files.get(1));
    assertThat(cache.unpack(contents).get(1)).hasContent("kernels");
    Files.writeString(files.get(1), "KERNELS");
    assertThat(cache.unpack(contents).get(1)).hasContent("kernels");
  }

  private static Path unpack(LibraryCache cache, byte[] content) throws IOException {
    return cache.unpack(List.of(new LibraryCache.Content("libqwq.so", content))).getFirst();
  }

  private static List<Path> entries(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.toList();
    }
  }

  private static String permissions(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  private void assumePosix() {
    assumeTrue(temporary.getFileSystem().supportedFileAttributeViews().contains("posix"));
  }
}
