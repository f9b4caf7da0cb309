/**
 * The native library: loader and generated bindings. This module alone makes restricted calls, so
 * {@code --enable-native-access=dev.qwq.nativelib} is all the permission that qwq needs.
 */
@SuppressWarnings("module") // The modules exported to are built after this one.
module dev.qwq.nativelib {
  requires static org.jspecify;

  uses dev.qwq.nativelib.CompanionLibrary;

  exports dev.qwq.nativelib to
      dev.qwq.core,
      dev.qwq.examples,
      dev.qwq.nativelib.cuda;
  exports dev.qwq.nativelib.ffi to
      dev.qwq.core,
      dev.qwq.examples;
}
