package dev.qwq.bench.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import com.fasterxml.jackson.databind.JsonNode;
import dev.qwq.bench.Json;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** On the processor, with the limits of a GPU that is made up. */
class GpuCommandTest {
  private static final String KERNELS =
      """
      {"device": {"name": "GPU", "compute_capability": 8.9, "multiprocessors": 128,
         "memory_bytes": 25769803776, "driver_version": 13000, "runtime_version": 13000},
       "limits": {"copy_bytes_per_second": {"median": 1e12}, "upload_pinned_bytes_per_second": {"median": 2.5e10},
         "upload_pageable_bytes_per_second": {"median": 1e10},
         "bf16_operations_per_second": {"median": 2e14}, "int8_operations_per_second": {"median": null}},
       "kernels": [{"op": "matmul", "format": "Q4_K", "shape": "32b.o", "rows": 1, "context": 0,
         "seconds": {"median": 2e-5}, "bytes_per_second": 8e11, "share_of_copy": 0.8,
         "operations_per_second": 2.6e12, "share_of_arithmetic": null}]}
      """;

  @TempDir Path folder;

  @Test
  void writesOneReportOfModelsAndKernels() throws IOException {
    Path kernels = Files.writeString(folder.resolve("kernels.json"), KERNELS);
    Path report = folder.resolve("report");
    StringWriter err = new StringWriter();
    int status =
        new CommandLine(new GpuCommand())
            .setOut(new PrintWriter(new StringWriter()))
            .setErr(new PrintWriter(err))
            .execute(
                "--device",
                "cpu",
                "--shapes",
                "tiny",
                "--type",
                "Q8_0",
                "--folder",
                folder.toString(),
                "--batches",
                "1,3",
                "--contexts",
                "40,100000",
                "--prompts",
                "64,100000",
                "-n",
                "4",
                "--kernels",
                kernels.toString(),
                "--out",
                report.toString());
    assertThat(status).as(err.toString()).isZero();

    JsonNode json = Json.parse(Files.readString(folder.resolve("report.json")));
    JsonNode model = json.get("models").get(0);
    assertThat(model.get("layers").intValue()).isEqualTo(6);
    assertThat(model.get("decode")).hasSize(2); // The other context does not fit.
    JsonNode three = model.get("decode").get(1);
    assertThat(three.get("batch").intValue()).isEqualTo(3);
    assertThat(three.get("tokensPerSecond").doubleValue()).isPositive();
    // No weights on a device: what a token reads is the KV cache of its past, in 16-bit integers
    // with a scale of 4 bytes a head.
    assertThat(three.get("bytesPerSecond").doubleValue())
        .isCloseTo(
            three.get("tokensPerSecond").doubleValue() * 40 * 6 * 2 * 2 * (64 * 2 + 4),
            withinPercentage(1e-9));
    assertThat(three.get("shareOfCopy").doubleValue())
        .isCloseTo(three.get("bytesPerSecond").doubleValue() / 1e12, withinPercentage(1e-9));
    assertThat(model.get("prefill")).hasSize(1);
    assertThat(json.get("kernels").get("kernels")).hasSize(1);

    String markdown = Files.readString(folder.resolve("report.md"));
    assertThat(markdown)
        .startsWith("# processor, 2")
        .contains("copies 1000 GB/s", "bf16 200.0 TFLOP/s", "## tiny-Q8_0.gguf", "## Kernels")
        .contains("| matmul | Q4_K   | 32b.o | 1    | 0       | 20.0 | 800  | 80.0 %    | 2600  |");
  }
}
