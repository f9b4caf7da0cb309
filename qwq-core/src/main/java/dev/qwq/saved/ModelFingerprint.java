package dev.qwq.saved;

import dev.qwq.engine.EngineInfo;
import dev.qwq.model.ModelConfig;
import dev.qwq.model.ModelSource;
import dev.qwq.weights.TensorInfo;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * What must be the same for a saved KV cache to mean the same: the model's weights, its chat
 * template, its rotary embedding, and how the cache is laid out.
 *
 * @param parts a value for each, by its name
 */
public record ModelFingerprint(Map<String, String> parts) {
  /** Bytes of each tensor that are looked at, in three places. */
  private static final int SAMPLE = 256;

  /** Copies the parts. */
  public ModelFingerprint {
    parts = Map.copyOf(parts);
  }

  /**
   * Computes the fingerprint of a model that runs. Of the weights names, formats, shapes and
   * samples of each tensor are looked at: all of them would be 20 GB to read.
   *
   * @param source its files
   * @param config its hyper-parameters as they are used
   * @param engine what it runs on
   * @return the fingerprint
   */
  public static ModelFingerprint of(ModelSource source, ModelConfig config, EngineInfo engine) {
    Map<String, String> parts = new LinkedHashMap<>();
    parts.put("weights", weights(source));
    parts.put(
        "chat template", hash(source.chatTemplate().orElse("").getBytes(StandardCharsets.UTF_8)));
    parts.put(
        "rope",
        "theta %s, %s"
            .formatted(
                config.ropeTheta(), config.yarn().map(Objects::toString).orElse("not stretched")));
    parts.put(
        "KV cache",
        "%d bytes a token in %s, blocks of %d"
            .formatted(engine.kvBytesPerToken(), engine.kvLayout(), engine.kvBlockSize()));
    return new ModelFingerprint(parts);
  }

  private static String weights(ModelSource source) {
    MessageDigest sha256 = newSha256();
    List<TensorInfo> tensors =
        source.tensors().stream().sorted(Comparator.comparing(TensorInfo::name)).toList();
    byte[] sample = new byte[SAMPLE];
    for (TensorInfo tensor : tensors) {
      sha256.update(
          "%s %s %s\n"
              .formatted(tensor.name(), tensor.dtype(), tensor.shape())
              .getBytes(StandardCharsets.UTF_8));
      long last = Math.max(0, tensor.bytes() - SAMPLE);
      for (long at : new long[] {0, last / 2, last}) {
        int count = (int) Math.min(SAMPLE, tensor.bytes() - at);
        tensor.data().asSlice(at, count).asByteBuffer().get(sample, 0, count);
        sha256.update(sample, 0, count);
      }
    }
    return HexFormat.of().formatHex(sha256.digest());
  }

  private static String hash(byte[] bytes) {
    return HexFormat.of().formatHex(newSha256().digest(bytes));
  }

  private static MessageDigest newSha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /**
   * Says in what another fingerprint differs.
   *
   * @param other the fingerprint of a file
   * @return the first difference, for people; empty if there is none
   */
  public Optional<String> difference(ModelFingerprint other) {
    for (String name : List.of("weights", "chat template", "rope", "KV cache")) {
      String own = parts.getOrDefault(name, "nothing");
      String others = other.parts.getOrDefault(name, "nothing");
      if (!own.equals(others)) {
        return Optional.of(name + ": the model has " + own + ", the file " + others);
      }
    }
    return Optional.empty();
  }
}
