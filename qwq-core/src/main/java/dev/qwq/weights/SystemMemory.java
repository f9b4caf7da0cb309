package dev.qwq.weights;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/** How much memory this process may still take. */
public final class SystemMemory {
  private final Path root;

  /** Asks this machine. */
  public SystemMemory() {
    this(Path.of("/"));
  }

  /**
   * Asks a machine that is made up.
   *
   * @param root a folder that looks like the root of its file system
   */
  public SystemMemory(Path root) {
    this.root = root;
  }

  /**
   * Returns the bytes available without swapping, file caches counted as available, within the
   * limits of the process's container. An estimate.
   *
   * @return bytes, or empty if the system does not say
   */
  public OptionalLong available() {
    OptionalLong system = field(root.resolve("proc/meminfo"), "MemAvailable:");
    if (system.isEmpty()) {
      return halfOfTotal();
    }
    long bytes = system.getAsLong() * 1024;
    OptionalLong container = containerAvailable();
    return OptionalLong.of(container.isPresent() ? Math.min(bytes, container.getAsLong()) : bytes);
  }

  /** Other systems do not tell caches from use; the JVM's figure is the container's, if any. */
  private static OptionalLong halfOfTotal() {
    return ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system
        ? OptionalLong.of(system.getTotalMemorySize() / 2)
        : OptionalLong.empty();
  }

  /** The control group (version 2) as seen from inside a container. */
  private OptionalLong containerAvailable() {
    Path group = root.resolve("sys/fs/cgroup");
    OptionalLong limit = number(group.resolve("memory.max"));
    OptionalLong used = number(group.resolve("memory.current"));
    if (limit.isEmpty() || used.isEmpty()) {
      return OptionalLong.empty();
    }
    Path details = group.resolve("memory.stat");
    long caches =
        field(details, "inactive_file").orElse(0) + field(details, "active_file").orElse(0);
    return OptionalLong.of(Math.max(0, limit.getAsLong() - used.getAsLong() + caches));
  }

  private static OptionalLong number(Path file) {
    try {
      return OptionalLong.of(Long.parseLong(Files.readString(file).strip()));
    } catch (IOException | NumberFormatException e) {
      return OptionalLong.empty(); // Absent, or "max" for no limit.
    }
  }

  /** The number after {@code name} at the beginning of a line. */
  private static OptionalLong field(Path file, String name) {
    try {
      for (String line : Files.readAllLines(file)) {
        String[] words = line.split("\\s+", 3);
        if (words.length > 1 && words[0].equals(name)) {
          return OptionalLong.of(Long.parseLong(words[1]));
        }
      }
    } catch (IOException | NumberFormatException e) {
      // As if the field were not there.
    }
    return OptionalLong.empty();
  }
}
