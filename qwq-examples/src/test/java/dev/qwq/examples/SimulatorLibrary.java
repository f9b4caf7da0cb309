package dev.qwq.examples;

import dev.qwq.nativelib.CompanionLibrary;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Brings the simulator of CUDA devices along, which no artifact has, from the build folder. */
public final class SimulatorLibrary implements CompanionLibrary {
  private static final Path FILE =
      Path.of("..", "build", "release", System.mapLibraryName("qwq_cuda_sim"));

  /** Tells whether it was built. */
  public static boolean isThere() {
    return Files.isRegularFile(FILE);
  }

  @Override
  public String name() {
    return "qwq_cuda_sim";
  }

  @Override
  public @Nullable InputStream open(String platform) throws IOException {
    return isThere() ? Files.newInputStream(FILE) : null;
  }
}
