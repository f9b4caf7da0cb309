package dev.qwq.bench.soak;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.ToLongFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.management.JMException;
import javax.management.ObjectName;

/**
 * What this process has in memory at one moment, in bytes.
 *
 * @param nanos when, from anywhere
 * @param resident all of it, mapped files included
 * @param heap live objects, after a garbage collection
 * @param nativeOther what Java code took outside the heap, from the JVM's own books; -1 without
 *     {@code -XX:NativeMemoryTracking=summary}
 * @param committed what the JVM took for itself and for Java code: heap, classes, compiled code and
 *     all else that its books know; -1 likewise
 */
record MemorySample(long nanos, long resident, long heap, long nativeOther, long committed) {
  private static final Pattern OTHER =
      Pattern.compile("Other \\(reserved=\\d+KB, committed=(\\d+)KB");
  private static final Pattern TOTAL =
      Pattern.compile("Total: reserved=\\d+KB, committed=(\\d+)KB");

  /** Collects garbage, and looks. */
  static MemorySample take() throws IOException {
    System.gc();
    long heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    String books = books();
    return new MemorySample(
        System.nanoTime(), readResident(), heap, find(OTHER, books), find(TOTAL, books));
  }

  private static long readResident() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024;
      }
    }
    throw new IOException("/proc/self/status: no VmRSS");
  }

  /** What the JVM says it has taken. */
  private static String books() {
    try {
      Object report =
          ManagementFactory.getPlatformMBeanServer()
              .invoke(
                  new ObjectName("com.sun.management:type=DiagnosticCommand"),
                  "vmNativeMemory",
                  new Object[] {new String[] {"summary"}},
                  new String[] {String[].class.getName()});
      return String.valueOf(report);
    } catch (JMException e) {
      return "";
    }
  }

  private static long find(Pattern kilobytes, String books) {
    Matcher found = kilobytes.matcher(books);
    return found.find() ? Long.parseLong(found.group(1)) * 1024 : -1;
  }

  /** Bytes a minute by which something grows: the slope of the line with the least squares. */
  static double slope(List<MemorySample> samples, ToLongFunction<MemorySample> of) {
    double minute = 60e9;
    double meanX = samples.stream().mapToDouble(s -> s.nanos() / minute).average().orElse(0);
    double meanY = samples.stream().mapToDouble(s -> of.applyAsLong(s)).average().orElse(0);
    double xy = 0;
    double xx = 0;
    for (MemorySample sample : samples) {
      double x = sample.nanos() / minute - meanX;
      xy += x * (of.applyAsLong(sample) - meanY);
      xx += x * x;
    }
    return xx == 0 ? 0 : xy / xx;
  }
}
