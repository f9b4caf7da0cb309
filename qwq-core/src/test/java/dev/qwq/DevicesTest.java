package dev.qwq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Holds on machines with and without GPUs. */
class DevicesTest {
  @Test
  void saysWhereTheLibraryShouldBeAndWhyThereIsNoDevice() {
    Devices devices = Devices.find();

    assertThat(devices.library()).isAbsolute().hasFileName("libqwq_cuda.so");
    assertThat(devices.problem().isPresent()).isEqualTo(devices.usable().isEmpty());
    if (!devices.libraryOpened()) {
      assertThat(devices.problem().orElseThrow()).contains(devices.library().toString());
      assertThat(devices.driverVersion()).isEmpty();
      assertThat(devices.runtimeVersion()).isEmpty();
      assertThat(devices.all()).isEmpty();
      assertThatThrownBy(() -> Device.of("0"))
          .isInstanceOfSatisfying(
              QwqException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.UNSUPPORTED_BACKEND))
          .hasMessageContainingAll("device \"0\"", devices.library().toString());
    }
  }

  @Test
  void simulatedDevicesHaveTheMemoryOfTheirNames() {
    Device device = Device.of("sim:12GiB");

    assertThat(device.name()).isEqualTo("sim:12GiB");
    assertThat(device.totalBytes()).isEqualTo(12L << 30);
    assertThat(device.freeBytes()).isEqualTo(12L << 30);
    assertThat(device.computeCapability()).isEmpty();
    assertThat(device.isUsable()).isTrue();
    assertThat(Device.of("sim").totalBytes()).isEqualTo(24L << 30);
  }

  @Test
  void refusesOtherNames() {
    for (String name : List.of("sim:12", "sim:0GiB")) {
      assertThatThrownBy(() -> Device.of(name))
          .isInstanceOfSatisfying(
              QwqException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ARGUMENT))
          .hasMessageContainingAll("sim:12GiB", name);
    }
  }

  @Test
  void knowsWhatTheProcessorCanDo() {
    List<InstructionSet> all = InstructionSet.all();

    assertThat(all.getFirst()).isEqualTo(new InstructionSet("generic", true, true, true));
    assertThat(all).extracting(InstructionSet::name).doesNotHaveDuplicates().contains("avx2");
  }
}
