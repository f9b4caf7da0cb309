package dev.qwq.nativelib;

import dev.qwq.nativelib.ffi.Qwq;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.file.Path;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;

/**
 * The native library of this JVM: found, loaded and checked once, on the first call of {@link
 * #load()}. It stays loaded until the JVM ends.
 *
 * <p>Loaded is, in this order: the file that the system property {@value #PATH_PROPERTY} names; the
 * library packaged for this operating system and processor, unpacked into the folder that the
 * system property {@value #CACHE_PROPERTY} names, else into the user's cache folder, else into a
 * temporary folder. Every {@link CompanionLibrary} is unpacked beside it, where it looks for them;
 * beside a file that the user names, it is for the user to put them. Several class loaders of one
 * JVM may each load it.
 *
 * <p>Thread-safe.
 */
public final class NativeLibrary {
  /** System property with the path of a library to load instead of the packaged one. */
  public static final String PATH_PROPERTY = "qwq.library.path";

  /** System property with the folder to unpack the packaged library into. */
  public static final String CACHE_PROPERTY = "qwq.library.cache";

  private static volatile @Nullable Loaded loaded;
  private static volatile boolean linked;

  private NativeLibrary() {}

  /** What {@link #load()} keeps. */
  private record Loaded(Path path, SymbolLookup symbols) {}

  /**
   * Loads the library unless that has happened, checks its version and links every function, so
   * that no later call pays for it. A failed call may be repeated.
   *
   * @throws NativeLibraryException if there is no library for this platform, or it cannot be used;
   *     the message names every place tried
   */
  public static void load() {
    loaded();
    // Not under loaded()'s lock: initialising a binding asks for its symbol, and so for that lock.
    if (!linked) {
      linkAll();
      linked = true;
    }
  }

  /**
   * Returns the file that was loaded, loading it first if need be.
   *
   * @return an absolute path
   * @throws NativeLibraryException as {@link #load()}
   */
  public static Path path() {
    return loaded().path();
  }

  /**
   * Returns the lookup that the generated bindings use. The library is loaded when the first symbol
   * is asked for, so that layouts and constants can be used without it.
   *
   * @return a lookup of the library's own symbols
   */
  public static SymbolLookup symbols() {
    return name -> loaded().symbols().find(name);
  }

  private static Loaded loaded() {
    Loaded library = loaded;
    return library != null ? library : open();
  }

  private static synchronized Loaded open() {
    Loaded library = loaded;
    if (library == null) {
      LibraryLocator locator =
          new LibraryLocator(
              Platform.current(),
              System.getProperties(),
              System.getenv(),
              ServiceLoader.load(CompanionLibrary.class, NativeLibrary.class.getClassLoader()));
      Path path = locator.locate();
      library = new Loaded(path, open(path, locator.triedPlaces()));
      checkVersion(library);
      loaded = library;
    }
    return library;
  }

  private static SymbolLookup open(Path path, String tried) {
    try {
      return SymbolLookup.libraryLookup(path, Arena.global());
    } catch (IllegalCallerException e) {
      throw accessDenied(e);
    } catch (IllegalArgumentException e) {
      throw new NativeLibraryException(
          NativeLibraryException.Reason.NOT_LOADABLE,
          "The operating system does not load the native library %s (%s). Tried: %s."
              .formatted(path, e.getMessage(), tried),
          e);
    }
  }

  private static void checkVersion(Loaded library) {
    MemorySegment address =
        library
            .symbols()
            .find("qwq_abi_version")
            .orElseThrow(
                () ->
                    new NativeLibraryException(
                        NativeLibraryException.Reason.WRONG_VERSION,
                        "%s is not the native library of qwq: it has no function qwq_abi_version."
                            .formatted(library.path())));
    MethodHandle version =
        Linker.nativeLinker().downcallHandle(address, FunctionDescriptor.of(ValueLayout.JAVA_INT));
    int found;
    try {
      found = (int) version.invokeExact();
    } catch (Throwable e) {
      throw new IllegalStateException("qwq_abi_version takes nothing and returns an int", e);
    }
    if (found != Qwq.QWQ_ABI_VERSION()) {
      throw new NativeLibraryException(
          NativeLibraryException.Reason.WRONG_VERSION,
          "The native library %s has ABI version %d, but this qwq needs %d: use the library that was built with it."
              .formatted(library.path(), found, Qwq.QWQ_ABI_VERSION()));
    }
  }

  /** Creates the method handles of all functions; they are the bindings' own, made once. */
  private static void linkAll() {
    for (Method method : Qwq.class.getDeclaredMethods()) {
      if (method.getName().endsWith("$handle")) {
        try {
          method.invoke(null);
        } catch (InvocationTargetException e) {
          String function = method.getName().replace("$handle", "");
          throw new NativeLibraryException(
              NativeLibraryException.Reason.WRONG_VERSION,
              "The native library does not fit its bindings: function %s cannot be linked."
                  .formatted(function),
              e.getCause());
        } catch (IllegalAccessException e) {
          throw new IllegalStateException("generated handles are public", e);
        }
      }
    }
  }

  private static NativeLibraryException accessDenied(IllegalCallerException cause) {
    Module module = NativeLibrary.class.getModule();
    return new NativeLibraryException(
        NativeLibraryException.Reason.ACCESS_DENIED,
        "This JVM does not let qwq call native code. Start java with --enable-native-access=%s."
            .formatted(module.isNamed() ? module.getName() : "ALL-UNNAMED"),
        cause);
  }
}
