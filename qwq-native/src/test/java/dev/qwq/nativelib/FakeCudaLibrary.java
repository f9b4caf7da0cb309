package dev.qwq.nativelib;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayInputStream;
import java.io.InputStream;

/** Says that it is what an artifact with the CUDA kernels is; found where a test puts it. */
public final class FakeCudaLibrary implements CompanionLibrary {
  static final String CONTENT =
      "no library at all, but long enough to be taken for one until it is read";

  @Override
  public String name() {
    return "qwq_cuda";
  }

  @Override
  public InputStream open(String platform) {
    return new ByteArrayInputStream(CONTENT.getBytes(UTF_8));
  }
}
