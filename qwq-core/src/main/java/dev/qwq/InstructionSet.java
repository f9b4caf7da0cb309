package dev.qwq;

import dev.qwq.engine.NativeDevices;
import java.util.List;

/**
 * An instruction set that the {@link Backend#CPU} backend knows.
 *
 * @param name what {@link ModelOptions.Builder#cpuIsa} takes, such as {@code avx2}
 * @param compiled whether the native library has kernels for it
 * @param inProcessor whether the processor has every instruction it takes
 * @param enabled whether the operating system saves the registers it takes
 */
public record InstructionSet(String name, boolean compiled, boolean inProcessor, boolean enabled) {
  /**
   * Returns all instruction sets, usable or not.
   *
   * @return the best ones last; the last usable one is what models use by default
   * @throws QwqException with {@code NATIVE_LIBRARY} if there is no native library for this machine
   */
  public static List<InstructionSet> all() {
    return NativeDevices.instructionSets();
  }

  /**
   * Tells whether models can compute with this instruction set.
   *
   * @return whether library, processor and operating system have it
   */
  public boolean isUsable() {
    return compiled && inProcessor && enabled;
  }
}
