package dev.qwq.engine;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import java.util.HashSet;
import java.util.List;

/**
 * Which devices the cuda backend takes, and how much of them. Immutable.
 *
 * @param names numbers from 0 on, or names of simulated devices, in the order of the layers; empty
 *     (default): the one that holds the whole model, else all that can be used
 * @param layers how many of the model's layers they take, the last ones; the first ones stay with
 *     the processor. {@link #ALL_THAT_FIT} (default)
 * @param reserveBytes memory of each device that is left alone, 0 or more; default 384 MiB
 */
public record DeviceOptions(List<String> names, int layers, long reserveBytes) {
  /** As many layers as the memory holds. */
  public static final int ALL_THAT_FIT = -1;

  /** For the screen, and for what the driver takes when kernels are loaded. */
  static final long DEFAULT_RESERVE = 384L << 20;

  private static final String NAME = "[0-9]{1,3}|sim(:[0-9]{1,7}[GM]iB)?";

  /** Checks every option. */
  public DeviceOptions {
    names = List.copyOf(names);
    for (String name : names) {
      if (!name.matches(NAME)) {
        throw invalid(
            "cudaDevices",
            "a number from 0 on, or sim, or the like of sim:12GiB",
            "'" + name + "'");
      }
    }
    if (new HashSet<>(names).size() != names.size()) {
      throw invalid("cudaDevices", "each device once", names.toString());
    }
    if (layers < ALL_THAT_FIT) {
      throw invalid("gpuLayers", "0 or more", String.valueOf(layers));
    }
    if (reserveBytes < 0) {
      throw invalid("deviceReserve", "0 or more", String.valueOf(reserveBytes));
    }
  }

  /**
   * Returns the defaults.
   *
   * @return options with every value at its default
   */
  public static DeviceOptions defaults() {
    return new DeviceOptions(List.of(), ALL_THAT_FIT, DEFAULT_RESERVE);
  }

  private static QwqException invalid(String option, String expected, String found) {
    return new QwqException(
        ErrorCode.INVALID_ARGUMENT, option + ": expected " + expected + ", found " + found);
  }
}
