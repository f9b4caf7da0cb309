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
    // 6 layers, keys and values of 2 heads of 64, two bytes each.
    long perToken = 6 * 2 * 2 * 64 * 2;
    assertThat(plan.get("kv_layout").textValue()).isEqualTo("f16");
    assertThat(plan.get("kv_bytes_per_token").longValue()).isEqualTo(perToken);
    assertThat(plan.get("kv_bytes_by_context").get("4096").longValue()).isEqualTo(4096 * perToken);
    assertThat(Cli.run("plan", "--ctx", 1000).out())
        .contains("all 6", "cpu", "in file", "Longest conversation: 1,000 tokens");
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
          {"plan", "--backend", "gpu"}
        }) {
      Cli cli = Cli.run(words);
      assertThat(cli.status()).as(cli.err()).isEqualTo(2);
      assertThat(cli.err().strip().lines()).hasSize(1);
    }
    assertThat(Cli.run("plan", "--backend", "cpu", "--device", "sim").err())
        .contains("expected none for backend CPU");
  }
}
