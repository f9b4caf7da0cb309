package dev.qwq.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What Linux says of a process's memory. */
public final class ProcessMemory {
  private ProcessMemory() {}

  /**
   * Returns the most memory that a process was ever resident with, mapped files included.
   *
   * @param pid its id
   * @return bytes
   * @throws IOException if the system does not say so
   */
  public static long peakBytes(long pid) throws IOException {
    Path status = Path.of("/proc/" + pid + "/status");
    for (String line : Files.readAllLines(status)) {
      if (line.startsWith("VmHWM:")) {
        return Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024;
      }
    }
    throw new IOException(status + ": no VmHWM");
  }
}
