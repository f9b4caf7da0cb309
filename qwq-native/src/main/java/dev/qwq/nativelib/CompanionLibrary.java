package dev.qwq.nativelib;

import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/**
 * A native library from an artifact of its own, which the native library opens if it lies beside
 * it: the CUDA kernels. A service: whoever adds such an artifact to the class path or the module
 * path has the library unpacked.
 */
public interface CompanionLibrary {
  /**
   * Returns the library's name.
   *
   * @return as {@link System#mapLibraryName} takes it: {@code qwq_cuda}
   */
  String name();

  /**
   * Opens the library.
   *
   * @param platform the operating system and processor that it is for, such as {@code linux-x86_64}
   * @return its content, or null if the artifact has none for this platform
   * @throws IOException if there is one that cannot be read
   */
  @Nullable InputStream open(String platform) throws IOException;
}
