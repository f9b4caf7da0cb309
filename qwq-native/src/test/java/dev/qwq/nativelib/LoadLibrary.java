package dev.qwq.nativelib;

/**
 * A program of its own for {@link NativeLibraryTest}: loads the library and says what came of it.
 */
final class LoadLibrary {
  private LoadLibrary() {}

  public static void main(String[] args) {
    try {
      NativeLibrary.load();
      System.out.println("loaded " + NativeLibrary.path());
    } catch (NativeLibraryException e) {
      System.out.println(e.reason() + " " + e.getMessage());
    }
  }
}
