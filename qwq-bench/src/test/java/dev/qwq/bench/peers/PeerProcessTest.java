package dev.qwq.bench.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.qwq.bench.JavaProcess;
import dev.qwq.bench.Json;
import dev.qwq.model.QuantizationMix;
import dev.qwq.model.Shapes;
import dev.qwq.model.SynthModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PeerProcessTest {
  @TempDir Path folder;

  @Test
  void qwqMeasuresAllThatAJobAsksFor() throws IOException {
    assumeTrue(Files.exists(Path.of("/proc/self/status")), "counts memory on Linux only");
    Path model = folder.resolve("tiny.gguf");
    SynthModel.write(Shapes.TINY, QuantizationMix.Q8_0, 1, model, 2, (done, total) -> true);
    Job job = Job.of(model, 2, List.of(8, 24), 4, 3, 7, null);

    Map<String, Double> figures =
        PeerProcess.run(
            new QwqPeer().command(job, folder), folder.resolve("log"), Duration.ofMinutes(2));

    assertThat(figures)
        .containsOnlyKeys(
            Figure.OPEN,
            Figure.MEMORY,
            Figure.prefill(8),
            Figure.prefill(24),
            Figure.DECODE,
            Figure.batch(3),
            Figure.BATCH_MEMORY)
        .allSatisfy((figure, value) -> assertThat(value).as(figure).isPositive().isFinite());
    assertThat(figures.get(Figure.MEMORY)).isGreaterThan((double) Files.size(model));
  }

  @Test
  void jobsAreTheSameForTheSameSeedAndSurviveTheirFile() throws IOException {
    Path model = folder.resolve("tiny.gguf");
    SynthModel.write(Shapes.TINY, QuantizationMix.Q8_0, 1, model, 2, (done, total) -> true);
    Job job = Job.of(model, 2, List.of(8), 4, 2, 7, "avx2");

    assertThat(Json.text(Job.of(model, 2, List.of(8), 4, 2, 7, "avx2"))).isEqualTo(Json.text(job));
    assertThat(Json.text(Job.of(model, 2, List.of(8), 4, 2, 8, "avx2")))
        .isNotEqualTo(Json.text(job));
    Path file = Files.writeString(folder.resolve("job.json"), Json.text(job));
    assertThat(Json.text(Json.read(file, Job.class))).isEqualTo(Json.text(job));
  }

  @Test
  void aWorkerThatFailsIsReportedWithItsLastWords() {
    List<String> command =
        JavaProcess.command(
            JavaProcess.ownClassPath(), QwqWorker.class.getName(), "no-such-job.json");

    assertThatThrownBy(() -> PeerProcess.run(command, folder.resolve("log"), Duration.ofMinutes(1)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("status 1")
        .hasMessageContaining("no-such-job.json");
  }
}
