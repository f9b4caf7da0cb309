package dev.qwq.engine;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What Hugging Face computes in float32 from a checkpoint.
 *
 * @param folder the checkpoint
 * @param tokens a text
 * @param logits the rows after some of its positions
 * @param meanNll the text's mean negative log-likelihood
 * @param greedyPrompt the first tokens of the text
 * @param greedy how greedy decoding continues them
 */
record Golden(
    Path folder,
    int[] tokens,
    SortedMap<Integer, float[]> logits,
    double meanNll,
    int[] greedyPrompt,
    int[] greedy) {

  /** Reads a committed checkpoint's. */
  static Golden committed(String name) {
    URL url = Golden.class.getResource("/dev/qwq/golden/" + name + "/golden.json");
    if (url == null) {
      throw new AssertionError("no checkpoint " + name);
    }
    try {
      return read(Path.of(url.toURI()).resolveSibling(""));
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  /** Reads one of {@code ../shared/data/logits}, or skips the test. */
  static Golden shared(String name) {
    return read(sharedFolder(name));
  }

  /** A folder of {@code ../shared/data/logits}; skips the test where there is none. */
  static Path sharedFolder(String name) {
    Path here = Path.of("").toAbsolutePath();
    Path root = here.endsWith("qwq-core") ? here.resolve("..") : here;
    Path folder = root.resolve("../shared/data/logits").resolve(name).normalize();
    assumeTrue(Files.exists(folder), () -> "skipped: no " + folder);
    return folder;
  }

  private static Golden read(Path folder) {
    try {
      JsonNode json = new ObjectMapper().readTree(folder.resolve("golden.json").toFile());
      int[] tokens = ints(json.get("tokens"));
      SortedMap<Integer, float[]> logits = new TreeMap<>();
      json.get("logits")
          .properties()
          .forEach(entry -> logits.put(Integer.valueOf(entry.getKey()), floats(entry.getValue())));
      int[] prompt = Arrays.copyOf(tokens, json.get("greedy_prompt").asInt());
      return new Golden(
          folder,
          tokens,
          logits,
          json.get("mean_nll").asDouble(),
          prompt,
          ints(json.get("greedy")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The positions whose logits are known. */
  int[] positions() {
    return logits.keySet().stream().mapToInt(Integer::intValue).toArray();
  }

  /** The row after a position. */
  float[] row(int position) {
    return Objects.requireNonNull(logits.get(position));
  }

  private static int[] ints(JsonNode array) {
    int[] values = new int[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i).asInt();
    }
    return values;
  }

  private static float[] floats(JsonNode array) {
    float[] values = new float[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) array.get(i).asDouble();
    }
    return values;
  }
}
