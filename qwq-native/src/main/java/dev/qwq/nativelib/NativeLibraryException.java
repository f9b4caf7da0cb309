package dev.qwq.nativelib;

import org.jspecify.annotations.Nullable;

/**
 * The native library could not be found, unpacked or used. The message names every place tried and
 * what to change.
 */
public final class NativeLibraryException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Why the library cannot be used. */
  public enum Reason {
    /** There is no library for this operating system and processor. */
    NOT_FOUND,
    /** There is one, but the operating system does not load it, or it is damaged. */
    NOT_LOADABLE,
    /** It loads, but is of another version than the bindings. */
    WRONG_VERSION,
    /** The JVM was started without the permission to call native code. */
    ACCESS_DENIED
  }

  /** Why the library cannot be used. */
  private final Reason reason;

  NativeLibraryException(Reason reason, String message) {
    super(message);
    this.reason = reason;
  }

  NativeLibraryException(Reason reason, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.reason = reason;
  }

  /**
   * Returns why the library cannot be used.
   *
   * @return the reason, never null
   */
  public Reason reason() {
    return reason;
  }
}
