// The vocabulary of simt.h on the device. sim/ documents what each of these means.
#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>

#define QWQ_KERNEL __global__
#define QWQ_DEVICE __device__ __forceinline__
#define QWQ_DEVICE_MEMBER __device__ __forceinline__
#define QWQ_UNROLL _Pragma("unroll")
#define QWQ_NO_UNROLL _Pragma("unroll 1")
#define QWQ_PRAGMA(text) _Pragma(#text)
#define QWQ_UNROLL_BY(n) QWQ_PRAGMA(unroll n)
#define QWQ_THREADS(...) __launch_bounds__(__VA_ARGS__)
#define QWQ_SHARED(type, name, count) __shared__ alignas(16) type name[count]

namespace qwq::cuda {

template <typename T>
using Global = T*;
template <typename T>
using Shared = T*;

inline constexpr int kWarp = 32;
inline constexpr uint32_t kAllLanes = 0xffffffffu;
// Whether ptxas needs more registers for the same code, as it does before sm_80.
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 800
inline constexpr bool kFewRegisters = true;
#else
inline constexpr bool kFewRegisters = false;
#endif

template <typename U, typename T>
QWQ_DEVICE U* cast(T* p) {
  return reinterpret_cast<U*>(p);
}
template <typename V, typename T>
QWQ_DEVICE V read(T* p) {
  return *reinterpret_cast<const V*>(p);
}
template <typename V, typename T>
QWQ_DEVICE V read_first(T* p, int) {
  return read<V>(p);
}
template <typename V, typename T>
QWQ_DEVICE void write(T* p, const V& value) {
  *reinterpret_cast<V*>(p) = value;
}
template <typename T>
QWQ_DEVICE unsigned misalignment(T* p, unsigned power) {
  return static_cast<unsigned>(reinterpret_cast<uintptr_t>(p)) & (power - 1);
}

// ---------------------------------------------------------------- numbers

QWQ_DEVICE float fma(float a, float b, float c) { return __fmaf_rn(a, b, c); }
QWQ_DEVICE float square_root(float x) { return __fsqrt_rn(x); }
QWQ_DEVICE double cosine(double x) { return cos(x); }
QWQ_DEVICE double sine(double x) { return sin(x); }
QWQ_DEVICE float half_to_float(uint16_t h) {
  float x;
  asm("cvt.f32.f16 %0, %1;" : "=f"(x) : "h"(h));
  return x;
}
QWQ_DEVICE uint16_t float_to_half(float x) {
  uint16_t h;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(h) : "f"(x));
  return h;
}
QWQ_DEVICE uint32_t pack_halves(float low, float high) {
#if __CUDA_ARCH__ >= 800
  uint32_t word;
  asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(word) : "f"(high), "f"(low));
  return word;
#else
  return float_to_half(low) | static_cast<uint32_t>(float_to_half(high)) << 16;
#endif
}
// To nearest, ties to even; a NaN stays one.
QWQ_DEVICE uint16_t float_to_bfloat16(float x) {
  const uint32_t bits = __float_as_uint(x);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return static_cast<uint16_t>(bits >> 16 | 0x40u);
  return static_cast<uint16_t>((bits + 0x7fffu + (bits >> 16 & 1)) >> 16);
}
QWQ_DEVICE uint32_t pack_bfloat16(float low, float high) {
#if __CUDA_ARCH__ >= 800
  uint32_t word;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(word) : "f"(high), "f"(low));
  return word;
#else
  return float_to_bfloat16(low) | static_cast<uint32_t>(float_to_bfloat16(high)) << 16;
#endif
}
QWQ_DEVICE float bfloat16_to_float(uint16_t b) { return __uint_as_float(static_cast<uint32_t>(b) << 16); }
QWQ_DEVICE uint32_t float_bits(float x) { return __float_as_uint(x); }
QWQ_DEVICE float bits_float(uint32_t bits) { return __uint_as_float(bits); }
QWQ_DEVICE float round_even(float x) { return rintf(x); }
QWQ_DEVICE int count_bits(uint32_t x) { return __popc(x); }
QWQ_DEVICE int lowest_bit(uint32_t x) { return __ffs(static_cast<int>(x)) - 1; }
QWQ_DEVICE int32_t dot4(uint32_t a, uint32_t b, int32_t sum) {
  return __dp4a(static_cast<int>(a), static_cast<int>(b), sum);
}
QWQ_DEVICE uint32_t funnel_shift(uint32_t low, uint32_t high, unsigned shift) {
  return __funnelshift_r(low, high, shift);
}
QWQ_DEVICE uint32_t permute_bytes(uint32_t low, uint32_t high, uint32_t selector) {
  return __byte_perm(low, high, selector);
}

// ---------------------------------------------------------------- threads

QWQ_DEVICE int thread_index() { return static_cast<int>(threadIdx.x); }
QWQ_DEVICE int here(int x) {
  asm volatile("" : "+r"(x));
  return x;
}
QWQ_DEVICE int lane_index() { return static_cast<int>(threadIdx.x) % kWarp; }
QWQ_DEVICE int warp_index() { return static_cast<int>(threadIdx.x) / kWarp; }
QWQ_DEVICE int block_threads() { return static_cast<int>(blockDim.x); }
QWQ_DEVICE int block_x() { return static_cast<int>(blockIdx.x); }
QWQ_DEVICE int block_y() { return static_cast<int>(blockIdx.y); }
QWQ_DEVICE int block_z() { return static_cast<int>(blockIdx.z); }
QWQ_DEVICE int grid_x() { return static_cast<int>(gridDim.x); }
QWQ_DEVICE int grid_y() { return static_cast<int>(gridDim.y); }

QWQ_DEVICE void sync_block() { __syncthreads(); }
QWQ_DEVICE void sync_warp(uint32_t mask = kAllLanes) { __syncwarp(mask); }

QWQ_DEVICE void wait_for_earlier_launches() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
  asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}

template <typename T>
QWQ_DEVICE T shuffle(uint32_t mask, T value, int source) {
  return __shfl_sync(mask, value, source);
}
template <typename T>
QWQ_DEVICE T shuffle_xor(uint32_t mask, T value, int lane_mask) {
  return __shfl_xor_sync(mask, value, lane_mask);
}
template <typename T>
QWQ_DEVICE T shuffle_down(uint32_t mask, T value, int delta) {
  return __shfl_down_sync(mask, value, delta);
}
QWQ_DEVICE uint32_t ballot(uint32_t mask, bool condition) { return __ballot_sync(mask, condition); }
QWQ_DEVICE bool any(uint32_t mask, bool condition) { return __any_sync(mask, condition) != 0; }
QWQ_DEVICE bool all(uint32_t mask, bool condition) { return __all_sync(mask, condition) != 0; }

template <typename T>
QWQ_DEVICE T atomic_add(T* p, T value) {
  if constexpr (sizeof(T) == 8) {
    // CUDA knows 64 bits by this name only.
    return atomicAdd(reinterpret_cast<unsigned long long*>(p), static_cast<unsigned long long>(value));
  } else {
    return atomicAdd(p, value);
  }
}

// ---------------------------------------------------------------- matrices

// Before sm_80 there are smaller products only, of the same fragments.
QWQ_DEVICE void multiply_bytes_8x8(int32_t& c0, int32_t& c1, uint32_t a, uint32_t b) {
  asm volatile("mma.sync.aligned.m8n8k16.row.col.s32.s8.s8.s32 {%0, %1}, {%2}, {%3}, {%0, %1};"
               : "+r"(c0), "+r"(c1)
               : "r"(a), "r"(b));
}

QWQ_DEVICE void multiply_bytes_16(int32_t (&c)[4], uint32_t a0, uint32_t a1, uint32_t b0) {
#if __CUDA_ARCH__ >= 800
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.s32.s8.s8.s32 {%0, %1, %2, %3}, {%4, %5}, {%6}, {%0, %1, %2, %3};"
      : "+r"(c[0]), "+r"(c[1]), "+r"(c[2]), "+r"(c[3])
      : "r"(a0), "r"(a1), "r"(b0));
#else
  multiply_bytes_8x8(c[0], c[1], a0, b0);
  multiply_bytes_8x8(c[2], c[3], a1, b0);
#endif
}

QWQ_DEVICE void multiply_bytes_32(int32_t (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
#if __CUDA_ARCH__ >= 800
  asm volatile(
      "mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
      "{%0, %1, %2, %3};"
      : "+r"(c[0]), "+r"(c[1]), "+r"(c[2]), "+r"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
  multiply_bytes_16(c, a[0], a[1], b[0]);
  multiply_bytes_16(c, a[2], a[3], b[1]);
#endif
}

QWQ_DEVICE void multiply_halves(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
#if __CUDA_ARCH__ >= 800
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
      "{%0, %1, %2, %3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
  asm volatile(
      "mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5}, {%6}, {%0, %1, %2, %3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(b[0]));
  asm volatile(
      "mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5}, {%6}, {%0, %1, %2, %3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[2]), "r"(a[3]), "r"(b[1]));
#endif
}

QWQ_DEVICE void multiply_bfloat16(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
      "{%0, %1, %2, %3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
  // Before sm_80 there is none: by hand, of what other lanes hold.
  const int g = lane_index() / 4;
  const int t = lane_index() % 4;
#pragma unroll
  for (int half = 0; half < 2; ++half) {
#pragma unroll
    for (int k = 0; k < 4; ++k) {
      uint32_t rows[2], columns[2];
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        rows[i] = __shfl_sync(kAllLanes, a[2 * half + i], 4 * g + k);
        columns[i] = __shfl_sync(kAllLanes, b[half], 4 * (2 * t + i) + k);
      }
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        const uint32_t x = rows[i / 2];
        const uint32_t y = columns[i % 2];
        c[i] = __fmaf_rn(__uint_as_float(x << 16), __uint_as_float(y << 16), c[i]);
        c[i] = __fmaf_rn(__uint_as_float(x & 0xffff0000u), __uint_as_float(y & 0xffff0000u), c[i]);
      }
    }
  }
#endif
}

QWQ_DEVICE uint32_t shared_address(const void* p) {
  return static_cast<uint32_t>(__cvta_generic_to_shared(p));
}

template <typename T>
QWQ_DEVICE void load_matrices(uint32_t (&r)[4], T* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(shared_address(row))
               : "memory");
}
template <typename T>
QWQ_DEVICE void load_matrices_transposed(uint32_t (&r)[4], T* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(shared_address(row))
               : "memory");
}

// ---------------------------------------------------------------- copies

template <typename T, typename U>
QWQ_DEVICE void copy_16_async(T* dst, U* src, int n_valid = 16) {
#if __CUDA_ARCH__ >= 800
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared_address(dst)), "l"(src),
               "r"(n_valid)
               : "memory");
#else
  uint4 words = {};
  if (n_valid == 16) {
    words = *reinterpret_cast<const uint4*>(src);
  } else {
    uint32_t* word[] = {&words.x, &words.y, &words.z, &words.w};
#pragma unroll
    for (int i = 0; i < 16; ++i) {
      if (i < n_valid)
        *word[i / 4] |= uint32_t{reinterpret_cast<const unsigned char*>(src)[i]} << (8 * (i % 4));
    }
  }
  *reinterpret_cast<uint4*>(dst) = words;
#endif
}
QWQ_DEVICE void commit_copies() {
#if __CUDA_ARCH__ >= 800
  asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}
template <int kPending>
QWQ_DEVICE void wait_for_copies() {
#if __CUDA_ARCH__ >= 800
  asm volatile("cp.async.wait_group %0;" ::"n"(kPending) : "memory");
#endif
}

// ---------------------------------------------------------------- launches

struct LaunchShape {
  int64_t grid_x;
  int64_t grid_y = 1;
  int64_t grid_z = 1;
  int threads = 128;
  bool early = false;
};

// The major number of the compute capability; 0 if it is not known.
inline int generation_of(int device) {
  int major = 0;
  return cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device) == cudaSuccess ? major : 0;
}

// A stream of the device, and the first error of a launch since it was last taken.
class Stream {
 public:
  // `generation`: of the device, as generation_of says.
  explicit Stream(cudaStream_t handle, int generation) : handle_(handle), generation_(generation) {}
  Stream(const Stream&) = delete;

  cudaStream_t handle() const { return handle_; }
  // Whether a launch can begin before the one before has ended.
  bool begins_early() const { return generation_ >= 9 && QWQ_NEWEST_GENERATION >= 90; }
  // Whether copy_16_async is asynchronous.
  bool copies_ahead() const { return generation_ >= 8 && QWQ_NEWEST_GENERATION >= 80; }
  cudaError_t take_status() {
    const cudaError_t status = status_;
    status_ = cudaSuccess;
    return status;
  }
  void note(cudaError_t status) {
    if (status_ == cudaSuccess) status_ = status;
  }

 private:
  cudaStream_t handle_;
  int generation_;
  cudaError_t status_ = cudaSuccess;
};

class Scratch {
 public:
  Scratch(Stream&, const void*, size_t) {}
  Scratch(const Scratch&) = delete;
};

class Launch {
 public:
  Launch(Stream& stream, const char*) : stream_(stream) {}
  Launch(const Launch&) = delete;

  template <typename T>
  const T* in(const char*, const T* p, size_t) {
    return p;
  }
  template <typename T>
  const T* constant(const char*, const T* p, size_t) {
    return p;
  }
  template <typename T>
  T* out(const char*, T* p, size_t) {
    return p;
  }
  template <typename T>
  T* out(const char*, T* p, size_t, size_t, size_t) {
    return p;
  }
  template <typename T>
  T* update(const char*, T* p, size_t) {
    return p;
  }
  template <typename T>
  T* update(const char*, T* p, size_t, size_t, size_t) {
    return p;
  }

  template <typename... P, typename... A>
  void run(const LaunchShape& shape, void (*kernel)(P...), const A&... arguments) {
    const dim3 grid(static_cast<unsigned>(shape.grid_x), static_cast<unsigned>(shape.grid_y),
                    static_cast<unsigned>(shape.grid_z));
    if (shape.early && stream_.begins_early()) {
      cudaLaunchAttribute early = {};
      early.id = cudaLaunchAttributeProgrammaticStreamSerialization;
      early.val.programmaticStreamSerializationAllowed = 1;
      cudaLaunchConfig_t config = {};
      config.gridDim = grid;
      config.blockDim = dim3(static_cast<unsigned>(shape.threads));
      config.stream = stream_.handle();
      config.attrs = &early;
      config.numAttrs = 1;
      stream_.note(cudaLaunchKernelEx(&config, kernel, P(arguments)...));
      return;
    }
    kernel<<<grid, static_cast<unsigned>(shape.threads), 0, stream_.handle()>>>(arguments...);
    stream_.note(cudaGetLastError());
  }

 private:
  Stream& stream_;
};

}  // namespace qwq::cuda
