package dev.qwq.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class BenchMainTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String... args) {
    return BenchMain.run(new PrintWriter(out), new PrintWriter(err), args);
  }

  @Test
  void everyCommandExplainsItself() {
    for (String command :
        new String[] {"peers", "models", "overhead", "conversation", "soak", "gpu"}) {
      assertThat(run(command, "--help")).as(err.toString()).isZero();
    }
    assertThat(out.toString())
        .contains("--work-dir", "--kernel-bench", "--sessions", "--minutes", "--kernels");
  }

  @Test
  void wrongUseSaysWhatIsWrong() {
    assertThat(run("peers", "no-such-file.gguf")).isEqualTo(2);
    assertThat(run("models", "--folder", "target", "--shapes", "9b")).isEqualTo(2);
    assertThat(err.toString()).contains("no-such-file.gguf: no such file", "found 9b");
  }

  @Test
  void overheadCountsStepsAndGarbage() {
    int status = run("overhead", "--generate", "400", "--sessions", "2");

    assertThat(status).as(err.toString()).isZero();
    assertThat(out.toString().lines().filter(line -> line.startsWith("| 2 "))).hasSize(1);
  }

  @Test
  void conversationMeasuresTurnsForksAndFiles() {
    int status = run("conversation", "--tokens", "600", "--repeats", "21");
    assertThat(err.toString()).isEmpty();
    assertThat(status).isZero();
    assertThat(out.toString()).contains("second turn", "fork  ", "restore").doesNotContain("NaN");
  }
}
