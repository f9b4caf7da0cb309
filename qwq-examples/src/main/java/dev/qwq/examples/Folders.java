package dev.qwq.examples;

import java.nio.file.Path;
import java.util.Locale;

/** Where this program keeps files of its own, by the customs of the operating system. */
public final class Folders {
  private Folders() {}

  /** Returns the folder of what can be made again; {@code -Dqwq.cache} names another. */
  public static Path cache() {
    String property = System.getProperty("qwq.cache");
    if (property != null) {
      return Path.of(property);
    }
    return isWindows()
        ? local().resolve("cache")
        : isMac() ? home("Library", "Caches", "qwq") : xdg("XDG_CACHE_HOME", ".cache");
  }

  /** Returns the folder of what is remembered; {@code -Dqwq.state} names another. */
  public static Path state() {
    String property = System.getProperty("qwq.state");
    if (property != null) {
      return Path.of(property);
    }
    return isWindows()
        ? local().resolve("state")
        : isMac()
            ? home("Library", "Application Support", "qwq")
            : xdg("XDG_STATE_HOME", ".local/state");
  }

  private static Path xdg(String variable, String underHome) {
    String folder = System.getenv(variable);
    return folder != null && folder.startsWith("/")
        ? Path.of(folder, "qwq")
        : home(underHome, "qwq");
  }

  private static Path local() {
    String local = System.getenv("LOCALAPPDATA");
    return local != null ? Path.of(local, "qwq") : home("qwq");
  }

  private static Path home(String... folders) {
    return Path.of(System.getProperty("user.home", ""), folders);
  }

  private static boolean isWindows() {
    return osName().startsWith("windows");
  }

  private static boolean isMac() {
    return osName().startsWith("mac");
  }

  private static String osName() {
    return System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
  }
}
