// Tensor core instructions, and copies that arrive later.
#pragma once

#include "kernels/cuda/sim/warp.h"

namespace qwq::cuda {

// All of these are done by whole warps. With g = lane / 4 and t = lane % 4, a lane holds
//
//   c[0], c[1]  C[g][2t], C[g][2t + 1]        c[2], c[3]  C[g + 8][2t], C[g + 8][2t + 1]
//
// and of bytes A[16][K], B[8][K] (K = 16: a[0], a[1], b[0]; K = 32: all)
//
//   a[0]  A[g][4t .. 4t + 3]     a[1]  A[g + 8][4t ..]     b[0]  B[g][4t ..]
//   a[2]  A[g][16 + 4t ..]       a[3]  A[g + 8][16 + 4t ..]   b[1]  B[g][16 + 4t ..]
//
// or of 16-bit floats A[16][16], B[8][16], the lower half first
//
//   a[0]  A[g][2t, 2t + 1]       a[1]  A[g + 8][2t ..]     b[0]  B[g][2t ..]
//   a[2]  A[g][8 + 2t ..]        a[3]  A[g + 8][8 + 2t ..]    b[1]  B[g][8 + 2t ..]

// C += A B^T, exact; sums wrap at 32 bits.
void multiply_bytes_16(int32_t (&c)[4], uint32_t a0, uint32_t a1, uint32_t b0,
                       sim::Site site = sim::Site::current());
void multiply_bytes_32(int32_t (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2],
                       sim::Site site = sim::Site::current());

// C += A B^T. The device does not say in which order and with how many bits it adds; here products are exact,
// summed in double and rounded once.
void multiply_halves(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2],
                     sim::Site site = sim::Site::current());
void multiply_bfloat16(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2],
                       sim::Site site = sim::Site::current());

namespace sim {
void load_matrices(uint32_t (&r)[4], const uint32_t* row, Region* region, bool transposed, Site site);
void copy_later(std::byte* dst, Region* dst_region, const std::byte* src, Region* src_region,
                size_t alignment, size_t n, size_t n_valid);
void wait_for_copies(int pending);
}  // namespace sim

// Four matrices of 8 rows of 16 bytes: lane 8 m + i points to row i of matrix m; r[m] gets, of row g, the
// bytes 4t .. 4t + 3. Rows are aligned to 16 bytes.
template <typename T>
void load_matrices(uint32_t (&r)[4], Shared<T> row, sim::Site site = sim::Site::current()) {
  sim::load_matrices(r, reinterpret_cast<const uint32_t*>(row.raw()), row.region(), false, site);
}
// Of 16-bit elements, transposed: r[m] gets, of column g, those of the rows 2t and 2t + 1.
template <typename T>
void load_matrices_transposed(uint32_t (&r)[4], Shared<T> row, sim::Site site = sim::Site::current()) {
  sim::load_matrices(r, reinterpret_cast<const uint32_t*>(row.raw()), row.region(), true, site);
}

// Copies 16 bytes, both ends aligned to 16, the last 16 - n_valid of them zeros that are not read. They
// arrive when this thread waits for the group they were committed in; others see them after a barrier.
template <typename T, typename U>
void copy_16_async(Shared<T> dst, Global<U> src, int n_valid = 16) {
  sim::copy_later(reinterpret_cast<std::byte*>(dst.raw()), dst.region(),
                  reinterpret_cast<const std::byte*>(src.raw()), src.region(), 16, 16,
                  static_cast<size_t>(n_valid));
}
void commit_copies();
// Waits until at most kPending of the groups committed by this thread are still on their way.
template <int kPending>
void wait_for_copies() {
  sim::wait_for_copies(kPending);
}

}  // namespace qwq::cuda
