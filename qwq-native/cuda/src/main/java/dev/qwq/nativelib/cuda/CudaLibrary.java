package dev.qwq.nativelib.cuda;

import dev.qwq.nativelib.CompanionLibrary;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/** The library with the CUDA kernels, from this artifact. */
public final class CudaLibrary implements CompanionLibrary {
  private static final String NAME = "qwq_cuda";

  /** Called by the service loader. */
  public CudaLibrary() {}

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public @Nullable InputStream open(String platform) {
    return CudaLibrary.class.getResourceAsStream(platform + "/" + System.mapLibraryName(NAME));
  }
}
