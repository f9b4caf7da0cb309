package dev.qwq.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.qwq.Model;
import dev.qwq.examples.BundledModel;
import dev.qwq.examples.SimulatorLibrary;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Holds on machines with and without GPUs. */
class DoctorCommandTest {
  @Test
  void tellsWhatModelsUse() throws IOException {
    JsonNode report = Cli.run("doctor", "--json").json();
    List<String> used = new ArrayList<>();
    for (JsonNode isa : report.get("processor").get("instruction_sets")) {
      if (isa.get("used").booleanValue()) {
        used.add(isa.get("name").textValue());
      }
    }
    try (Model model = Model.open(BundledModel.path())) {
      assertThat(used).containsExactly(model.info().cpuIsa());
    }
    assertThat(report.get("available_bytes").longValue()).isGreaterThan(1 << 20);
    assertThat(Path.of(report.get("library").get("path").textValue())).isRegularFile();
    assertThat(report.get("library").get("problem").isNull()).isTrue();
  }

  @Test
  void explainsWhyThereIsNoGpu() throws IOException {
    JsonNode cuda = Cli.run("doctor", "--json").json().get("cuda");
    Cli plain = Cli.run("doctor");
    assertThat(plain.status()).isZero();
    if (cuda.get("devices").isEmpty()) {
      assertThat(cuda.get("problem").textValue()).isNotEmpty();
      assertThat(cuda.get("advice").textValue()).isNotEmpty();
      assertThat(plain.out())
          .contains("CUDA        not used", cuda.get("problem").textValue())
          .contains(cuda.get("advice").textValue());
    } else {
      assertThat(plain.out()).contains("Device 0");
    }
  }

  @Test
  void looksAtSimulatedDevices() throws IOException {
    assumeTrue(SimulatorLibrary.isThere(), "the simulator was not built");
    JsonNode devices =
        Cli.run("doctor", "--device", "sim:12GiB,sim:512MiB", "--json")
            .json()
            .get("cuda")
            .get("devices");
    assertThat(devices).hasSize(2);
    assertThat(devices.get(0).get("free_bytes").longValue()).isEqualTo(12L << 30);
    assertThat(devices.get(0).get("advice").isNull()).isTrue();
    assertThat(devices.get(1).get("name").textValue()).isEqualTo("sim:512MiB");
    assertThat(devices.get(1).get("advice").textValue()).contains("memory");
    assertThat(Cli.run("doctor", "--device", "sim:12GiB").out())
        .contains("Device sim:12GiB", "simulated device, 12.0 GiB, 12.0 GiB free");
  }

  @Test
  void saysWhichDeviceThereIsNot() {
    Cli cli = Cli.run("doctor", "--device", "sim:12");
    assertThat(cli.status()).isEqualTo(1);
    assertThat(cli.err()).contains("sim:12GiB").contains("\"sim:12\"");
    assertThat(cli.err().strip().lines()).hasSize(1);
  }

  @Test
  void withoutALibraryThatIsAllThereIsToSay() {
    DoctorReport report = DoctorReport.withoutLibrary("There is no native library.");
    assertThat(report.json().get("cuda")).isNull();
    StringWriter out = new StringWriter();
    PrintWriter writer = new PrintWriter(out);
    report.print(writer);
    writer.flush();
    assertThat(out.toString()).contains("Library     none", "There is no native library.");
  }
}
