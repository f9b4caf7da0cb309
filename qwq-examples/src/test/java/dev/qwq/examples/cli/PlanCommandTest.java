package dev.qwq.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.qwq.examples.BundledModel;
import dev.qwq.examples.SimulatorLibrary;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class PlanCommandTest {
  @Test
  void tellsWhatTheProcessorTakes() throws IOException {
    JsonNode plan = Cli.run("plan", "--ctx", 1000, "--json").json();
    assertThat(plan.get("context_length").intValue()).isEqualTo(1000);
    assertThat(plan.get("device_layers").intValue()).isZero();
    assertThat(plan.get("places")).hasSize(1);
    // 6 layers, keys and values of 2 heads of 64, two bytes each, and a scale of four.
    long perToken = 6 * 2 * 2 * (64 * 2 + 4);
    assertThat(plan.get("kv_layout").textValue()).isEqualTo("i16");
    assertThat(plan.get("kv_bytes_per_token").longValue()).isEqualTo(perToken);
    assertThat(plan.get("kv_bytes_by_context").get("4096").longValue()).isEqualTo(4096 * perToken);
    assertThat(Cli.run("plan", "--ctx", 1000).out())
        .contains("all 6", "cpu", "in file", "Longest conversation: 1,000 tokens")
        .contains(" of KV cache in i16:");
  }

  @Test
  void tellsHowTheKvCacheIsKept() throws IOException {
    assertThat(layout("--kv", "f16")).isEqualTo("f16");
    assertThat(layout("--kv", "i16")).isEqualTo("i16");
    assertThat(layout("--kv", "q8_0")).isEqualTo("i8");
    assertThat(layout("--kv", "auto", "--backend", "reference")).isEqualTo("f32");
    assumeTrue(SimulatorLibrary.isThere(), "the simulator was not built");
    assertThat(layout("--kv", "auto", "--device", "sim")).isEqualTo("f16");
    assertThat(layout("--kv", "q8_0", "--device", "sim")).isEqualTo("q8_0");
  }

  private static String layout(Object... options) throws IOException {
    Object[] words = new Object[options.length + 4];
    Object[] all = {"plan", "--ctx", 1000, "--json"};
    System.arraycopy(all, 0, words, 0, all.length);
    System.arraycopy(options, 0, words, all.length, options.length);
    return Cli.run(words).json().get("kv_layout").textValue();
  }

  @Test
  void placesLayersOnSimulatedDevices() throws IOException {
    assumeTrue(SimulatorLibrary.isThere(), "the simulator was not built");
    JsonNode plan =
        Cli.run("plan", "--device", "sim:2GiB", "--gpu-layers", 4, "--gpu-reserve", 100, "--json")
            .json();
    assertThat(plan.get("device_layers").intValue()).isEqualTo(4);
    JsonNode device = plan.get("places").get(1);
    assertThat(device.get("device").textValue()).isEqualTo("sim:2GiB");
    assertThat(device.get("first_layer").intValue()).isEqualTo(2);
    assertThat(device.get("weight_bytes").longValue()).isPositive();

    Cli doctor = Cli.run("doctor", BundledModel.path(), "--device", "sim:2GiB");
    assertThat(doctor.status()).isZero();
    assertThat(doctor.out()).contains("Plan for " + BundledModel.path(), "all 6", "sim:2GiB");
    assertThat(
            Cli.run("doctor", BundledModel.path(), "--device", "sim", "--json")
                .json()
                .get("plan")
                .get("device_layers")
                .intValue())
        .isEqualTo(6);
  }

  @Test
  void saysWhatDoesNotFit() {
    assumeTrue(SimulatorLibrary.isThere(), "the simulator was not built");
    Cli cli = Cli.run("plan", "--device", "sim:100MiB");
    assertThat(cli.status()).isEqualTo(1);
    assertThat(cli.err()).startsWith("qwq plan: Too little memory: device sim:100MiB has 0.10 GiB");
    assertThat(cli.err().strip().lines()).hasSize(1);
  }

  @Test
  void saysWhatIsWrong() {
    for (Object[] words :
        new Object[][] {
          {"plan", "--gpu-layers", "many"},
          {"plan", "--gpu-reserve", -1},
          {"plan", "--backend", "gpu"},
          {"plan", "--kv", "f32"}
        }) {
      Cli cli = Cli.run(words);
      assertThat(cli.status()).as(cli.err()).isEqualTo(2);
      assertThat(cli.err().strip().lines()).hasSize(1);
    }
    assertThat(Cli.run("plan", "--backend", "cpu", "--device", "sim").err())
        .contains("expected none for backend CPU");
    assertThat(Cli.run("plan", "--kv", "f32").err())
        .contains("expected auto, f16, i16 or q8_0, found 'f32'");
    assertThat(Cli.run("plan", "--device", "sim", "--kv", "i16").err())
        .contains("kvCacheType: expected AUTO, F16 or Q8_0 for backend CUDA, found I16");
  }
}
