package dev.qwq.engine;

import dev.qwq.Device;
import dev.qwq.Devices;
import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Decides which layers go to which device, and how large a KV cache there is room for.
 *
 * <p>Layers count more than context: first as many layers as fit beside the context that was asked
 * for, or a modest one, then as much context as fits beside these layers. The last layers go to the
 * devices, since the output matrix goes with them and is read for every token.
 */
final class DevicePlanner {
  /**
   * A context that a reasoning model can think within; beside it layers are placed if none was
   * asked for.
   */
  static final int MODEST_CONTEXT = 8192;

  /**
   * With a smaller part of the layers on devices, a token takes nearly as long as without any, so
   * that nobody should get this without having asked for it.
   */
  private static final double LEAST_SHARE = 0.25;

  private static final int BALANCING_STEPS = 8;

  /** Tells what a run of layers takes where it is computed. */
  interface Costs {
    /**
     * Computes the bytes of a run of layers.
     *
     * @param device where
     * @param first first layer
     * @param end behind the last layer
     * @param kvBlocks blocks of the KV cache
     */
    NativeEngine.RunMemory of(String device, int first, int end, int kvBlocks);
  }

  private final int modelLayers;
  private final DeviceOptions options;
  private final List<Device> devices;
  private final Costs costs;

  /**
   * Prepares to plan.
   *
   * @param devices those asked for; a single one of them is used if all were offered and one is
   *     enough
   */
  DevicePlanner(int modelLayers, DeviceOptions options, List<Device> devices, Costs costs) {
    this.modelLayers = modelLayers;
    this.options = options;
    this.devices = devices;
    this.costs = costs;
  }

  /**
   * Finds the devices that options ask for.
   *
   * @throws QwqException with {@code UNSUPPORTED_BACKEND} if there is none, or one cannot be used
   */
  static List<Device> find(DeviceOptions options) {
    if (options.names().isEmpty()) {
      Devices found = Devices.find();
      if (found.usable().isEmpty()) {
        throw new QwqException(
            ErrorCode.UNSUPPORTED_BACKEND,
            "The cuda backend cannot be used: " + found.problem().orElse("there is no device"));
      }
      return found.usable();
    }
    List<Device> devices = options.names().stream().map(Device::of).toList();
    for (Device device : devices) {
      device
          .problem()
          .ifPresent(
              problem -> {
                throw new QwqException(
                    ErrorCode.UNSUPPORTED_BACKEND,
                    "Device %s (%s) cannot be used: %s"
                        .formatted(device.name(), device.title(), problem));
              });
    }
    return devices;
  }

  /**
   * Places layers.
   *
   * @param kvBlocks blocks of the KV cache that must fit beside them
   * @param context tokens that stands for, for messages
   * @return runs of layers
   * @throws QwqException with {@code OUT_OF_MEMORY} and figures if too few fit, {@code
   *     INVALID_ARGUMENT} if there are not as many as asked for
   */
  List<LayerRun> place(int kvBlocks, long context) {
    if (options.layers() > modelLayers) {
      throw new QwqException(
          ErrorCode.INVALID_ARGUMENT,
          "gpuLayers: expected at most %d, which the model has, found %d"
              .formatted(modelLayers, options.layers()));
    }
    if (options.layers() != DeviceOptions.ALL_THAT_FIT) {
      List<LayerRun> runs = split(devices, options.layers(), kvBlocks);
      if (runs == null) {
        throw tooLittle(options.layers(), kvBlocks, context);
      }
      return runs;
    }
    if (options.names().isEmpty()) {
      List<Device> roomiest = List.of(roomiest());
      List<LayerRun> runs = split(roomiest, modelLayers, kvBlocks);
      if (runs != null) {
        return runs;
      }
    }
    int fitting = mostLayers(kvBlocks);
    if (fitting < LEAST_SHARE * modelLayers) {
      throw tooLittle(modelLayers, kvBlocks, context);
    }
    List<LayerRun> runs = split(devices, fitting, kvBlocks);
    if (runs == null) {
      throw new IllegalStateException(fitting + " layers fitted");
    }
    return runs;
  }

  /** Tells whether the devices hold their layers and a KV cache of this size. */
  boolean fits(List<LayerRun> runs, int kvBlocks) {
    int first = 0;
    for (LayerRun run : runs) {
      int end = first + run.layers();
      if (!run.onHost()
          && costs.of(run.device(), first, end, kvBlocks).bytes() > budget(device(run.device()))) {
        return false;
      }
      first = end;
    }
    return true;
  }

  Device device(String name) {
    return devices.stream().filter(device -> device.name().equals(name)).findFirst().orElseThrow();
  }

  private Device roomiest() {
    return devices.stream().max(Comparator.comparingLong(this::budget)).orElseThrow();
  }

  private long budget(Device device) {
    return Math.max(0, device.freeBytes() - options.reserveBytes());
  }

  private int mostLayers(int kvBlocks) {
    return largest(0, modelLayers, n -> split(devices, n, kvBlocks) != null);
  }

  /**
   * Splits the last layers over devices so that each is as full as the others; null if they do not
   * fit.
   */
  private @Nullable List<LayerRun> split(List<Device> onto, int layers, int kvBlocks) {
    List<LayerRun> best = fill(onto, layers, kvBlocks, 1);
    if (best == null || onto.size() == 1) {
      return best;
    }
    double low = 0;
    double high = 1;
    for (int i = 0; i < BALANCING_STEPS; i++) {
      double middle = (low + high) / 2;
      List<LayerRun> runs = fill(onto, layers, kvBlocks, middle);
      if (runs == null) {
        low = middle;
      } else {
        high = middle;
        best = runs;
      }
    }
    return best;
  }

  /** Fills one device after the other up to a share of its memory; null if layers are left. */
  private @Nullable List<LayerRun> fill(List<Device> onto, int layers, int kvBlocks, double share) {
    List<LayerRun> runs = new ArrayList<>();
    int first = modelLayers - layers;
    if (first > 0) {
      runs.add(new LayerRun(LayerRun.HOST, first));
    }
    for (Device device : onto) {
      int begin = first;
      double room = share * budget(device);
      int count =
          largest(
              0,
              modelLayers - begin,
              n -> n == 0 || costs.of(device.name(), begin, begin + n, kvBlocks).bytes() <= room);
      if (count > 0) {
        runs.add(new LayerRun(device.name(), count));
        first += count;
      }
    }
    return first == modelLayers ? runs : null;
  }

  /** The largest number for which a condition holds that holds for all smaller ones, too. */
  static int largest(int low, int high, IntPredicate holds) {
    int least = low;
    int most = high;
    while (least < most) {
      int middle = least + (most - least + 1) / 2;
      if (holds.test(middle)) {
        least = middle;
      } else {
        most = middle - 1;
      }
    }
    return least;
  }

  private QwqException tooLittle(int layers, int kvBlocks, long context) {
    NativeEngine.RunMemory needed =
        costs.of(devices.getLast().name(), modelLayers - layers, modelLayers, kvBlocks);
    StringBuilder free = new StringBuilder();
    for (Device device : devices) {
      free.append(free.isEmpty() ? "" : ", ")
          .append("device ")
          .append(device.name())
          .append(" has ")
          .append(gibibytes(device.freeBytes()))
          .append(" free");
    }
    int fitting = mostLayers(kvBlocks);
    return new QwqException(
        ErrorCode.OUT_OF_MEMORY,
        "Too little memory: %s, of which %s each stay free; %s with a context of %d tokens need %s (weights %s, KV cache %s, workspace %s). %s"
            .formatted(
                free,
                gibibytes(options.reserveBytes()),
                layers == modelLayers ? "all " + layers + " layers" : layers + " layers",
                context,
                gibibytes(needed.bytes()),
                gibibytes(needed.weightBytes()),
                gibibytes(needed.kvCacheBytes()),
                gibibytes(needed.workspaceBytes()),
                fitting == 0
                    ? "Not one layer fits: take a smaller context, or the cpu backend."
                    : "%d of %d layers would fit: gpuLayers(%d) asks for them; or take a smaller context, or the cpu backend."
                        .formatted(fitting, modelLayers, fitting)));
  }

  private static String gibibytes(long bytes) {
    return "%.2f GiB".formatted(bytes / (double) (1L << 30));
  }
}
