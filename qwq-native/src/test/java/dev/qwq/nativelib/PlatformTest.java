package dev.qwq.nativelib;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class PlatformTest {
  @ParameterizedTest
  @CsvSource({
    "Linux,            amd64,   linux-x86_64,    libqwq.so",
    "Linux,            x86_64,  linux-x86_64,    libqwq.so",
    "Linux,            aarch64, linux-aarch64,   libqwq.so",
    "Linux,            riscv64, linux-riscv64,   libqwq.so",
    "Mac OS X,         aarch64, macos-aarch64,   libqwq.dylib",
    "Mac OS X,         x86_64,  macos-x86_64,    libqwq.dylib",
    "Windows 11,       amd64,   windows-x86_64,  qwq.dll",
    "Windows Server 2025, arm64, windows-aarch64, qwq.dll",
    "Some Other OS,    odd cpu, some_other_os-odd_cpu, libqwq.so",
  })
  void namesFolderAndFile(String os, String arch, String folder, String file) {
    Platform platform = Platform.of(os, arch);

    assertThat(platform.directory()).isEqualTo(folder);
    assertThat(platform.libraryFileName()).isEqualTo(file);
    assertThat(platform.resource()).isEqualTo("/dev/qwq/nativelib/natives/" + folder + "/" + file);
  }
}
