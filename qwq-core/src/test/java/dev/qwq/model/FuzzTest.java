package dev.qwq.model;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.qwq.QwqException;
import dev.qwq.weights.SafetensorsFolder;
import dev.qwq.weights.TensorInfo;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Damaged files: whatever the damage, a model opens or fails with a {@link QwqException}, soon, and
 * without taking memory out of proportion. {@code -Dqwq.fuzz.rounds=N -Dqwq.fuzz.seed=S} run longer
 * and elsewhere.
 */
@Timeout(300)
class FuzzTest {
  private static final int ROUNDS = Integer.getInteger("qwq.fuzz.rounds", 250);
  private static final long SEED = Long.getLong("qwq.fuzz.seed", 20_261_125);

  /** The files here have some ten kilobytes; a reader that believed a length would take more. */
  private static final long MAX_ALLOCATION = 32L << 20;

  private static final long[] NUMBERS = {
    0,
    1,
    -1,
    2,
    31,
    32,
    255,
    256,
    65_535,
    1L << 20,
    Integer.MAX_VALUE,
    1L << 31,
    1L << 32,
    1L << 40,
    1L << 60,
    1L << 62,
    Long.MAX_VALUE,
    Long.MIN_VALUE,
    Long.MAX_VALUE - 31
  };

  @TempDir Path folder;

  @Test
  void gguf() throws IOException {
    byte[] sound = new MiniGguf().withTokenizer().build().bytes();
    Path file = folder.resolve("model.gguf");
    // Most of the file is data, which no reader looks at.
    int head = sound.length - 90_000;
    fuzz("gguf", sound, head, bytes -> Files.write(file, bytes), file);
  }

  @Test
  void splitGguf() throws IOException {
    Path first = folder.resolve("m-00001-of-00002.gguf");
    MiniGguf head = new MiniGguf().put("split.no", 0).put("split.count", 2);
    head.put("split.tensors.count", 15).tensors.clear();
    MiniGguf rest = new MiniGguf().put("split.no", 1).put("split.count", 2);
    rest.writeTo(folder.resolve("m-00002-of-00002.gguf"));
    byte[] sound = head.build().bytes();
    fuzz("split gguf", sound, sound.length, bytes -> Files.write(first, bytes), first);
  }

  @Test
  void safetensors() throws IOException {
    Path model = Checkpoints.copy("qwen2-odd", folder.resolve("model"));
    Path file = model.resolve("model.safetensors");
    byte[] sound = Files.readAllBytes(file);
    fuzz("safetensors", sound, 4000, bytes -> Files.write(file, bytes), model);
  }

  @Test
  void config() throws IOException {
    json("config.json", Files.readString(Checkpoints.golden("qwen2-yarn").resolve("config.json")));
  }

  @Test
  void generationConfig() throws IOException {
    json(
        "generation_config.json",
        "{\"eos_token_id\": [1, 2], \"temperature\": 0.6, \"top_k\": 40, \"top_p\": 0.95,"
            + " \"do_sample\": true, \"repetition_penalty\": 1.0}");
  }

  @Test
  void index() throws IOException {
    Path model = Checkpoints.copy("qwen2-odd", folder.resolve("model"));
    Files.move(model.resolve("model.safetensors"), model.resolve("s.safetensors"));
    StringBuilder map = new StringBuilder();
    try (var weights = SafetensorsFolder.open(model.resolve("s.safetensors"))) {
      for (String name : weights.tensors().keySet()) {
        map.append(map.isEmpty() ? "" : ",").append("\"" + name + "\":\"s.safetensors\"");
      }
    }
    byte[] sound = ("{\"weight_map\":{" + map + "}}").getBytes(StandardCharsets.UTF_8);
    Path file = model.resolve("model.safetensors.index.json");
    fuzz("index", sound, sound.length, bytes -> Files.write(file, bytes), model);
  }

  @Test
  void tokenizer() throws IOException {
    Path tiny = Checkpoints.shared("tiny");
    Path model = folder.resolve("model");
    Files.createDirectories(model);
    for (String name :
        List.of("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json")) {
      Files.copy(tiny.resolve(name), model.resolve(name));
    }
    for (String name : List.of("tokenizer_config.json", "tokenizer.json")) {
      byte[] sound = Files.readAllBytes(tiny.resolve(name));
      int rounds = ROUNDS / 5; // each builds a tokenizer
      fuzz(name, rounds, sound, sound.length, b -> Files.write(model.resolve(name), b), model);
      Files.write(model.resolve(name), sound);
    }
  }

  private void json(String name, String sound) throws IOException {
    Path model = Checkpoints.copy("qwen2-yarn", folder.resolve("model"));
    byte[] bytes = sound.getBytes(StandardCharsets.UTF_8);
    fuzz(name, bytes, bytes.length, b -> Files.write(model.resolve(name), b), model);
  }

  @FunctionalInterface
  private interface Writer {
    void write(byte[] bytes) throws IOException;
  }

  private static void fuzz(String name, byte[] sound, int head, Writer writer, Path model)
      throws IOException {
    fuzz(name, ROUNDS, sound, head, writer, model);
  }

  private static void fuzz(
      String name, int rounds, byte[] sound, int head, Writer writer, Path model)
      throws IOException {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    writer.write(sound);
    ModelSource.open(model).close();
    int refused = 0;
    for (int round = 0; round < rounds; round++) {
      RandomGenerator random = new SplittableRandom(SEED + round);
      writer.write(mutate(random, sound, Math.min(head, sound.length)));
      long before = threads.getCurrentThreadAllocatedBytes();
      try (ModelSource source = ModelSource.open(model)) {
        touch(source);
      } catch (QwqException e) {
        assertThat(e.getMessage()).isNotBlank();
        refused++;
      } catch (RuntimeException | Error e) {
        throw new AssertionError(name + ", -Dqwq.fuzz.seed=" + (SEED + round), e);
      }
      assertThat(threads.getCurrentThreadAllocatedBytes() - before)
          .as("bytes allocated by %s, -Dqwq.fuzz.seed=%d", name, SEED + round)
          .isLessThan(MAX_ALLOCATION);
    }
    System.out.printf("fuzz %s: seed %d, %d of %d refused%n", name, SEED, refused, rounds);
    assertThat(refused).isGreaterThan(rounds / 10);
  }

  private static void touch(ModelSource source) {
    int sum = 0;
    for (TensorInfo tensor : source.tensors()) {
      sum += tensor.data().get(ValueLayout.JAVA_BYTE, 0);
      sum += tensor.data().get(ValueLayout.JAVA_BYTE, tensor.bytes() - 1);
    }
    assertThat(sum).isBetween(-1_000_000, 1_000_000); // uses what was read
    source.tokenizer().ifPresent(t -> t.decode(t.encode("ab <|im_end|> é 12")));
  }

  private static byte[] mutate(RandomGenerator random, byte[] sound, int head) {
    byte[] bytes = sound.clone();
    int times = 1 + random.nextInt(3) / 2;
    for (int i = 0; i < times; i++) {
      int at = random.nextInt(head);
      switch (random.nextInt(6)) {
        case 0 -> bytes[at] = (byte) random.nextInt();
        case 1 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 2 -> number(random, bytes, at);
        case 3 -> {
          int from = random.nextInt(head);
          int length = Math.min(random.nextInt(64), head - Math.max(from, at));
          System.arraycopy(sound, from, bytes, at, length);
        }
        case 4 -> digits(random, bytes, head);
        default -> {
          if (random.nextInt(4) == 0) {
            byte[] cut = new byte[Math.min(at, bytes.length)];
            System.arraycopy(bytes, 0, cut, 0, cut.length);
            return cut;
          }
        }
      }
    }
    return bytes;
  }

  /** Puts an awkward number in the place of four or eight bytes. */
  private static void number(RandomGenerator random, byte[] bytes, int at) {
    long value = NUMBERS[random.nextInt(NUMBERS.length)];
    int width = random.nextBoolean() ? 8 : 4;
    for (int i = 0; i < width && at + i < bytes.length; i++) {
      bytes[at + i] = (byte) (value >> (8 * i));
    }
  }

  /** Changes one number written in decimal. */
  private static void digits(RandomGenerator random, byte[] bytes, int head) {
    List<Integer> places = new ArrayList<>();
    for (int i = 0; i < head; i++) {
      if (bytes[i] >= '0' && bytes[i] <= '9') {
        places.add(i);
      }
    }
    if (!places.isEmpty()) {
      bytes[places.get(random.nextInt(places.size()))] =
          (byte) "0123456789-.eE\"x".charAt(random.nextInt(16));
    }
  }
}
