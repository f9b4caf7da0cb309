package dev.qwq.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import dev.qwq.weights.SystemMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MemoryPlanTest {
  private static final long GIB = 1L << 30;
  private static final long QWQ_BYTES_PER_TOKEN = 262_144; // 64 layers x 8 heads x 128 x 2 x f16

  private static MemoryPlan plan(
      EngineOptions options, int modelContext, long bytesPerToken, long free) {
    return MemoryPlan.of(options, modelContext, bytesPerToken, OptionalLong.of(free));
  }

  @Test
  void fillsHalfOfWhatIsFree() {
    // 4 GiB free after the weights of QwQ-32B: 2 GiB are 8192 tokens.
    assertThat(plan(EngineOptions.defaults(), 40_960, QWQ_BYTES_PER_TOKEN, 4 * GIB))
        .isEqualTo(new MemoryPlan(8192, 256));
  }

  @Test
  void holdsSeveralContextsWhereThereIsRoom() {
    assertThat(plan(EngineOptions.defaults(), 32_768, 12_288, 64 * GIB))
        .isEqualTo(new MemoryPlan(32_768, 4 * 1024));
    assertThat(plan(EngineOptions.defaults(), 512, 512, 64 * GIB))
        .as("a short context, for many conversations")
        .isEqualTo(new MemoryPlan(512, 16_384 / 32));
  }

  @Test
  void keepsALeastContextWhereThereIsNone() {
    assertThat(plan(EngineOptions.defaults(), 40_960, QWQ_BYTES_PER_TOKEN, -GIB))
        .isEqualTo(new MemoryPlan(2048, 64));
    assertThat(plan(EngineOptions.defaults(), 500, QWQ_BYTES_PER_TOKEN, 0))
        .isEqualTo(new MemoryPlan(500, 16));
  }

  @Test
  void takesWhatItIsTold() {
    assertThat(
            plan(
                EngineOptions.builder().contextLength(1000).build(),
                40_960,
                QWQ_BYTES_PER_TOKEN,
                0))
        .isEqualTo(new MemoryPlan(1000, 32));
    assertThat(
            plan(
                EngineOptions.builder().kvCacheTokens(5000).build(),
                40_960,
                QWQ_BYTES_PER_TOKEN,
                64 * GIB))
        .isEqualTo(new MemoryPlan(5000, 157));
    assertThat(MemoryPlan.of(EngineOptions.defaults(), 4096, 64, OptionalLong.empty()))
        .isEqualTo(new MemoryPlan(4096, 512));
  }

  @Test
  void refusesMoreThanTheModelIsMadeFor() {
    assertThatThrownBy(
            () -> plan(EngineOptions.builder().contextLength(4097).build(), 4096, 64, GIB))
        .hasMessage(
            "contextLength: expected at most 4096, which the model is made for, found 4097");
  }

  @Test
  void refusesWhatTheMachineHasNoMemoryForWithNumbers() {
    NativeEngine.Memory memory = new NativeEngine.Memory("f16", 3 * GIB, 64, GIB);
    MemoryPlan.checkFits(memory, OptionalLong.empty(), 0);
    MemoryPlan.checkFits(memory, OptionalLong.of(4 * GIB), 20 * GIB);
    assertThatThrownBy(() -> MemoryPlan.checkFits(memory, OptionalLong.of(4 * GIB - 1), 0))
        .hasMessageContaining("3072 MiB + 1024 MiB")
        .hasMessageContaining("4096 MiB are free")
        .isInstanceOfSatisfying(
            QwqException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.OUT_OF_MEMORY));
  }

  @Test
  void readsWhatTheSystemAndTheContainerAllow(@TempDir Path root) throws IOException {
    write(root, "proc/meminfo", "MemTotal:  2000 kB\nMemAvailable:    1000 kB\nSwapFree: 7 kB\n");
    assertThat(new SystemMemory(root).available()).hasValue(1_024_000);

    write(root, "sys/fs/cgroup/memory.max", "max\n");
    write(root, "sys/fs/cgroup/memory.current", "900000\n");
    write(root, "sys/fs/cgroup/memory.stat", "anon 1\ninactive_file 20000\nactive_file 3000\n");
    assertThat(new SystemMemory(root).available()).hasValue(1_024_000);

    write(root, "sys/fs/cgroup/memory.max", "1000000\n");
    assertThat(new SystemMemory(root).available()).hasValue(123_000);
  }

  private static void write(Path root, String name, String content) throws IOException {
    Path file = root.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, content);
  }
}
