#include "kernels/cuda/sim/matrix.h"

#include "kernels/cuda/sim/numbers.h"

namespace qwq::cuda {

namespace {

using sim::Machine;

struct Product {
  const uint32_t* a;
  const uint32_t* b;
  void* c;
};

int32_t byte_of(const uint32_t* words, int word, int i) {
  return static_cast<int8_t>(words[word] >> (8 * i));
}

// C += A B^T for K = 16 or 32 bytes.
void bytes_product(void* const (&slots)[kWarp], int k_total) {
  int32_t a[16][32];
  int32_t b[8][32];
  for (int lane = 0; lane < kWarp; ++lane) {
    const Product& p = *static_cast<const Product*>(slots[lane]);
    const int g = lane / 4;
    const int t = lane % 4;
    for (int half = 0; half < k_total / 16; ++half) {
      for (int i = 0; i < 4; ++i) {
        const int k = 16 * half + 4 * t + i;
        a[g][k] = byte_of(p.a, 2 * half, i);
        a[g + 8][k] = byte_of(p.a, 2 * half + 1, i);
        b[g][k] = byte_of(p.b, half, i);
      }
    }
  }
  for (int lane = 0; lane < kWarp; ++lane) {
    int32_t* c = static_cast<int32_t*>(static_cast<const Product*>(slots[lane])->c);
    for (int i = 0; i < 4; ++i) {
      const int m = lane / 4 + 8 * (i / 2);
      const int n = 2 * (lane % 4) + i % 2;
      uint32_t sum = static_cast<uint32_t>(c[i]);
      for (int k = 0; k < k_total; ++k) sum += static_cast<uint32_t>(a[m][k] * b[n][k]);
      c[i] = static_cast<int32_t>(sum);
    }
  }
}

template <float (*kWiden)(uint16_t)>
void floats_product(void* const (&slots)[kWarp]) {
  double a[16][16];
  double b[8][16];
  const auto element = [](const uint32_t* words, int word, int i) {
    return static_cast<double>(kWiden(static_cast<uint16_t>(words[word] >> (16 * i))));
  };
  for (int lane = 0; lane < kWarp; ++lane) {
    const Product& p = *static_cast<const Product*>(slots[lane]);
    const int g = lane / 4;
    for (int half = 0; half < 2; ++half) {
      for (int i = 0; i < 2; ++i) {
        const int k = 8 * half + 2 * (lane % 4) + i;
        a[g][k] = element(p.a, 2 * half, i);
        a[g + 8][k] = element(p.a, 2 * half + 1, i);
        b[g][k] = element(p.b, half, i);
      }
    }
  }
  for (int lane = 0; lane < kWarp; ++lane) {
    float* c = static_cast<float*>(static_cast<const Product*>(slots[lane])->c);
    for (int i = 0; i < 4; ++i) {
      const int m = lane / 4 + 8 * (i / 2);
      const int n = 2 * (lane % 4) + i % 2;
      double sum = c[i];
      for (int k = 0; k < 16; ++k) sum += a[m][k] * b[n][k];
      c[i] = static_cast<float>(sum);
    }
  }
}

template <typename Combine>
void multiply(Product& product, sim::Site site, Combine&& combine) {
  ++Machine::current().matrix_products;
  Machine::current().collect("a matrix product", kAllLanes, &product, site, combine);
}

}  // namespace

void multiply_bytes_16(int32_t (&c)[4], uint32_t a0, uint32_t a1, uint32_t b0, sim::Site site) {
  const uint32_t a[2] = {a0, a1};
  Product product = {a, &b0, c};
  multiply(product, site, [](void* const(&slots)[kWarp]) { bytes_product(slots, 16); });
}

void multiply_bytes_32(int32_t (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2], sim::Site site) {
  Product product = {a, b, c};
  multiply(product, site, [](void* const(&slots)[kWarp]) { bytes_product(slots, 32); });
}

void multiply_halves(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2], sim::Site site) {
  Product product = {a, b, c};
  multiply(product, site, [](void* const(&slots)[kWarp]) { floats_product<half_to_float>(slots); });
}

void multiply_bfloat16(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2], sim::Site site) {
  Product product = {a, b, c};
  multiply(product, site, [](void* const(&slots)[kWarp]) { floats_product<bfloat16_to_float>(slots); });
}

namespace sim {

void load_matrices(uint32_t (&r)[4], const uint32_t* row, Region* region, bool transposed, Site site) {
  struct Slot {
    uint32_t words[4];  // of the row that the lane points to
    uint32_t* result;
  };
  Slot slot;
  region->check_read(Machine::actor(), row, 16, 16);
  std::memcpy(slot.words, row, 16);
  slot.result = r;
  Machine::current().collect(
      "a matrix load", kAllLanes, &slot, site, [transposed](void* const(&slots)[kWarp]) {
        const auto half_at = [&](int matrix, int i, int column) {
          const uint32_t word = static_cast<const Slot*>(slots[8 * matrix + i])->words[column / 2];
          return static_cast<uint16_t>(word >> (16 * (column % 2)));
        };
        for (int lane = 0; lane < kWarp; ++lane) {
          const int g = lane / 4;
          const int t = lane % 4;
          for (int m = 0; m < 4; ++m) {
            const uint16_t low = transposed ? half_at(m, 2 * t, g) : half_at(m, g, 2 * t);
            const uint16_t high = transposed ? half_at(m, 2 * t + 1, g) : half_at(m, g, 2 * t + 1);
            static_cast<Slot*>(slots[lane])->result[m] = low | static_cast<uint32_t>(high) << 16;
          }
        }
      });
}

void copy_later(std::byte* dst, Region* dst_region, const std::byte* src, Region* src_region,
                size_t alignment, size_t n, size_t n_valid) {
  ThreadState& self = Machine::current().running();
  if (reinterpret_cast<uintptr_t>(src) % alignment != 0)
    fault("an asynchronous copy from an unaligned address");
  PendingCopy copy = {dst_region, dst, std::vector<std::byte>(n), self.copy_group};
  if (n_valid > 0) {
    src_region->check_read(self.actor, src, n_valid, 1);
    std::memcpy(copy.bytes.data(), src, n_valid);
  }
  // The target is in use from now on.
  dst_region->check_write(self.actor, dst, n, alignment);
  dst_region->withdraw(dst, n);
  self.copies.push_back(std::move(copy));
}

void wait_for_copies(int pending) {
  ThreadState& self = Machine::current().running();
  while (!self.copies.empty() && self.copies.front().group < self.copy_group - pending) {
    const PendingCopy& copy = self.copies.front();
    copy.target->check_write(self.actor, copy.dst, copy.bytes.size(), 1);
    std::memcpy(copy.dst, copy.bytes.data(), copy.bytes.size());
    self.copies.pop_front();
  }
}

}  // namespace sim

void commit_copies() { ++Machine::current().running().copy_group; }

}  // namespace qwq::cuda
