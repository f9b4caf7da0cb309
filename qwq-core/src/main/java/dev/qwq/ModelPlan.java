package dev.qwq;

import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;

/**
 * What opening a model takes, and where: which layers are computed on which device, and how long a
 * context the memory holds.
 *
 * @param contextLength the longest conversation, in tokens
 * @param trainedContextLength the longest conversation the model's files promise
 * @param kvCacheTokens tokens that the KV cache holds, all conversations together
 * @param kvLayout how the KV cache keeps elements, as {@link ModelInfo#kvLayout()}
 * @param kvBytesPerToken bytes of KV cache that a token takes, all layers together
 * @param places where layers are computed, from first to last
 * @param hostWeightBytes weights that stay where the file is mapped: the embedding, and layers of
 *     the processor
 * @param hostWorkspaceBytes what an engine takes of the host's memory beside its places
 */
public record ModelPlan(
    int contextLength,
    int trainedContextLength,
    long kvCacheTokens,
    String kvLayout,
    long kvBytesPerToken,
    List<Place> places,
    long hostWeightBytes,
    long hostWorkspaceBytes) {

  /**
   * Some consecutive layers. The last place has the final norm and the output matrix, too.
   *
   * @param device name of the device, or {@code cpu}
   * @param title what the device calls itself; {@code processor}
   * @param firstLayer number of the first layer, from 0
   * @param layers how many layers
   * @param weightBytes weights copied there; 0 for the processor, which uses them where they are
   * @param kvCacheBytes their part of the KV cache
   * @param workspaceBytes everything else
   * @param freeBytes memory that was free; empty where the system does not say
   */
  public record Place(
      String device,
      String title,
      int firstLayer,
      int layers,
      long weightBytes,
      long kvCacheBytes,
      long workspaceBytes,
      OptionalLong freeBytes) {

    /**
     * Tells whether this is a device.
     *
     * @return whether it is not the processor
     */
    public boolean onDevice() {
      return !device.equals("cpu");
    }

    /**
     * Returns all that is taken there.
     *
     * @return bytes
     */
    public long bytes() {
      return weightBytes + kvCacheBytes + workspaceBytes;
    }
  }

  /** Makes the list immutable. */
  public ModelPlan {
    places = List.copyOf(places);
  }

  /**
   * Plans without opening: reads the files' headers and asks devices what is free, takes nothing.
   *
   * @param path as for {@link Model#open(Path, ModelOptions)}
   * @param options as for {@link Model#open(Path, ModelOptions)}
   * @return what opening would take now
   * @throws QwqException as {@link Model#open(Path, ModelOptions)}
   */
  public static ModelPlan of(Path path, ModelOptions options) {
    return LoadedModel.plan(path, options);
  }

  /**
   * Returns how many layers the model has.
   *
   * @return layers of all places
   */
  public int layers() {
    return places.stream().mapToInt(Place::layers).sum();
  }

  /**
   * Returns how many layers devices have.
   *
   * @return layers that are not the processor's
   */
  public int deviceLayers() {
    return places.stream().filter(Place::onDevice).mapToInt(Place::layers).sum();
  }
}
