package dev.qwq.nativelib;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the packaged library asks of the system that loads it, and what it shows to others. */
final class LibraryFileTest {
  /** Beside the loader itself; before glibc 2.34 the others were libraries of their own. */
  private static final Set<String> ALLOWED =
      Set.of(
          "libc.so.6",
          "libm.so.6",
          "libpthread.so.0",
          "libdl.so.2",
          "librt.so.1",
          "ld-linux-x86-64.so.2",
          "ld-linux-aarch64.so.1");

  /**
   * RHEL 9 and Amazon Linux 2023 have 2.34. It is also the lowest that a toolchain with a newer one
   * can reach, since pthread_create and its kind moved into libc in 2.34 under new versions.
   */
  private static final int NEWEST_GLIBC_MINOR = 34;

  private ElfFile library;

  @BeforeEach
  void readLibrary() throws IOException {
    assumeTrue(Platform.current().os().equals("linux"), "the library is no ELF file here");
    library =
        ElfFile.read(NativeBuild.file("natives/" + Platform.current().directory() + "/libqwq.so"));
  }

  @Test
  void needsTheCLibraryOnly() {
    assertThat(ALLOWED).containsAll(library.needed());
    assertThat(library.needed()).contains("libc.so.6");
  }

  @Test
  void runsWithGlibc234() {
    assertThat(library.neededVersions())
        .isNotEmpty()
        .allSatisfy(
            version -> {
              assertThat(version).matches("GLIBC_2\\.\\d+(\\.\\d+)?");
              assertThat(Integer.parseInt(version.split("[_.]", -1)[2]))
                  .as(version)
                  .isLessThanOrEqualTo(NEWEST_GLIBC_MINOR);
            });
  }

  @Test
  void exportsTheFunctionsOfItsHeaderOnly() throws IOException {
    List<String> declared =
        Files.readString(NativeBuild.header())
            .lines()
            .flatMap(
                line ->
                    Pattern.compile("^QWQ_API [^;(]*?(qwq_\\w+)\\(")
                        .matcher(line)
                        .results()
                        .map(match -> match.group(1)))
            .toList();
    assertThat(declared).hasSizeGreaterThan(10);
    assertThat(library.exports()).containsExactlyInAnyOrderElementsOf(declared);
  }

  @Test
  void isStrippedAndHardened() {
    assertThat(library.hasSection(".text")).isTrue();
    assertThat(library.hasSection(".symtab")).isFalse();
    assertThat(library.hasSection(".debug_info")).isFalse();
    assertThat(library.isHardened()).isTrue();
  }

  @Test
  void isTheOneThatIsLoaded() {
    assertThat(NativeLibrary.path())
        .hasSameBinaryContentAs(
            NativeBuild.file("natives/" + Platform.current().directory() + "/libqwq.so"));
  }
}
