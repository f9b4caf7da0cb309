package dev.qwq.nativelib;

import java.util.Locale;

/**
 * The operating system and processor a native library is built for, in the names that the packaged
 * libraries go by.
 *
 * @param os {@code linux}, {@code macos}, {@code windows}, or the lower-case name Java gives
 * @param arch {@code x86_64}, {@code aarch64}, or the lower-case name Java gives
 */
record Platform(String os, String arch) {

  /** The platform this JVM runs on. */
  static Platform current() {
    return of(System.getProperty("os.name"), System.getProperty("os.arch"));
  }

  /** The platform that Java describes by the system properties os.name and os.arch. */
  static Platform of(String osName, String osArch) {
    String os = osName.toLowerCase(Locale.ROOT);
    if (os.startsWith("mac")) {
      os = "macos";
    } else if (os.startsWith("windows")) {
      os = "windows";
    }
    String arch = osArch.toLowerCase(Locale.ROOT);
    arch =
        switch (arch) {
          case "amd64", "x86-64", "x64" -> "x86_64";
          case "arm64" -> "aarch64";
          default -> arch;
        };
    return new Platform(os.replace(' ', '_'), arch.replace(' ', '_'));
  }

  /** The folder's name, {@code <os>-<arch>}. */
  String directory() {
    return os + "-" + arch;
  }

  /** The library's file name as this operating system spells it. */
  String libraryFileName() {
    return libraryFileName("qwq");
  }

  /** The file name of any library as this operating system spells it. */
  String libraryFileName(String name) {
    return switch (os) {
      case "macos" -> "lib" + name + ".dylib";
      case "windows" -> name + ".dll";
      default -> "lib" + name + ".so";
    };
  }

  /** Where the library lies in the jar, from its root. */
  String resource() {
    return "/dev/qwq/nativelib/natives/" + directory() + "/" + libraryFileName();
  }
}
