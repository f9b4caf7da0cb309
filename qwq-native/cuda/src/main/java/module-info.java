/**
 * The CUDA kernels of qwq. Found as a service: it needs to be on the class path or the module path,
 * and nobody needs to require it.
 */
module dev.qwq.nativelib.cuda {
  requires dev.qwq.nativelib;
  requires static org.jspecify;

  provides dev.qwq.nativelib.CompanionLibrary with
      dev.qwq.nativelib.cuda.CudaLibrary;
}
