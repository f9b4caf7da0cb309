// Matrix instructions and asynchronous copies of the simulator, against their definitions written out.
#include <array>
#include <functional>

#include "formats/random.h"
#include "kernels/cuda/simt.h"
#include "tests/check.h"

namespace qwq::cuda {
namespace {

constexpr uint64_t kSeed = 20250307;

uint32_t random_word(uint64_t i) { return static_cast<uint32_t>(counter_hash(kSeed, i)); }

template <typename Body>
void expect_fault(const char* part, Body&& body) {
  for (uint64_t seed = kSeed; seed < kSeed + 10; ++seed) {
    Stream stream(seed);
    std::string message;
    try {
      body(stream);
    } catch (const sim::Fault& e) {
      message = e.what();
    }
    if (message.find(part) == std::string::npos) {
      test::fail(__FILE__, __LINE__, "expected \"", part, "\", found \"", message, "\"");
    }
  }
}

// Each lane's operands, and what it got.
struct Fragments {
  std::array<uint32_t, 32 * 4> a;
  std::array<uint32_t, 32 * 2> b;
  std::array<uint32_t, 32 * 4> c;
};

template <typename T, int kDepth, typename Multiply>
QWQ_KERNEL void multiply_kernel(Global<const uint32_t> a, Global<const uint32_t> b, Global<uint32_t> c,
                                Multiply multiply) {
  const int lane = lane_index();
  uint32_t fa[4], fb[2];
  T fc[4];
  for (int i = 0; i < 4; ++i) fa[i] = a[4 * lane + i];
  for (int i = 0; i < 2; ++i) fb[i] = b[2 * lane + i];
  for (int i = 0; i < 4; ++i) fc[i] = std::bit_cast<T>(static_cast<uint32_t>(c[4 * lane + i]));
  multiply(fc, fa, fb);
  for (int i = 0; i < 4; ++i) c[4 * lane + i] = std::bit_cast<uint32_t>(fc[i]);
}

template <typename T, int kDepth, typename Multiply>
void run_multiply(Fragments& f, Multiply multiply) {
  Stream stream(kSeed);
  Launch launch(stream, "multiply");
  const auto a = launch.in("a", f.a.data(), f.a.size());
  const auto b = launch.in("b", f.b.data(), f.b.size());
  launch.run({.grid_x = 1, .threads = 32}, multiply_kernel<T, kDepth, Multiply>, a, b,
             launch.update("c", f.c.data(), f.c.size()), multiply);
}

// Element (row, k) of A or B, of `n` to a word, in fragments of `words` a lane.
uint32_t element(const uint32_t* fragments, int words, int row, int k, int per_word) {
  const int half_depth = 4 * per_word;  // elements of a row in one word of each of four lanes
  const int lane = row % 8 * 4 + k % half_depth / per_word;
  const int word = k / half_depth * (words / 2) + row / 8;
  const uint32_t bits = fragments[lane * words + word];
  return per_word == 4 ? bits >> (8 * (k % 4)) & 0xff : bits >> (16 * (k % 2)) & 0xffff;
}

}  // namespace

TEST(products_of_bytes_are_exact) {
  for (const int depth : {16, 32}) {
    Fragments f;
    for (size_t i = 0; i < f.a.size(); ++i) f.a[i] = random_word(i);
    for (size_t i = 0; i < f.b.size(); ++i) f.b[i] = random_word(1000 + i);
    for (size_t i = 0; i < f.c.size(); ++i) f.c[i] = random_word(2000 + i) >> 8;
    const Fragments before = f;
    if (depth == 32) {
      run_multiply<int32_t, 32>(f, [](int32_t(&c)[4], const uint32_t(&a)[4], const uint32_t(&b)[2]) {
        multiply_bytes_32(c, a, b);
      });
    } else {
      run_multiply<int32_t, 16>(f, [](int32_t(&c)[4], const uint32_t(&a)[4], const uint32_t(&b)[2]) {
        multiply_bytes_16(c, a[0], a[1], b[0]);
      });
    }
    for (int m = 0; m < 16; ++m) {
      for (int n = 0; n < 8; ++n) {
        const size_t at = static_cast<size_t>(4 * (m % 8 * 4 + n / 2) + m / 8 * 2 + n % 2);
        int32_t sum = static_cast<int32_t>(before.c[at]);
        for (int k = 0; k < depth; ++k) {
          sum += static_cast<int8_t>(element(before.a.data(), 4, m, k, 4)) *
                 static_cast<int8_t>(element(before.b.data(), 2, n, k, 4));
        }
        CHECK_EQ(static_cast<int32_t>(f.c[at]), sum);
      }
    }
  }
}

TEST(products_of_16_bit_floats_round_once) {
  for (const bool bfloat : {false, true}) {
    Fragments f;
    std::array<float, 512> normals;
    fill_normal(kSeed, 0, 1, normals.data(), normals.size());
    const auto narrow = [&](float x) { return bfloat ? float_to_bfloat16(x) : float_to_half(x); };
    const auto pair = [&](size_t i) {
      return narrow(normals[i]) | static_cast<uint32_t>(narrow(normals[i + 1])) << 16;
    };
    for (size_t i = 0; i < f.a.size(); ++i) f.a[i] = pair(2 * i);
    for (size_t i = 0; i < f.b.size(); ++i) f.b[i] = pair(2 * i + 256);
    for (size_t i = 0; i < f.c.size(); ++i) f.c[i] = std::bit_cast<uint32_t>(normals[i + 384]);
    const Fragments before = f;
    run_multiply<float, 16>(f, [bfloat](float(&c)[4], const uint32_t(&a)[4], const uint32_t(&b)[2]) {
      if (bfloat) {
        multiply_bfloat16(c, a, b);
      } else {
        multiply_halves(c, a, b);
      }
    });
    const auto widen = [&](uint32_t x) {
      return bfloat ? bfloat16_to_float(static_cast<uint16_t>(x)) : half_to_float(static_cast<uint16_t>(x));
    };
    for (int m = 0; m < 16; ++m) {
      for (int n = 0; n < 8; ++n) {
        const size_t at = static_cast<size_t>(4 * (m % 8 * 4 + n / 2) + m / 8 * 2 + n % 2);
        double sum = std::bit_cast<float>(before.c[at]);
        double magnitude = std::fabs(sum);
        for (int k = 0; k < 16; ++k) {
          const double term = static_cast<double>(widen(element(before.a.data(), 4, m, k, 2))) *
                              static_cast<double>(widen(element(before.b.data(), 2, n, k, 2)));
          sum += term;
          magnitude += std::fabs(term);
        }
        // One rounding to f32, 17 in double.
        CHECK_NEAR(std::bit_cast<float>(f.c[at]), sum, 0x1p-24 * std::fabs(sum) + 17 * 0x1p-53 * magnitude);
      }
    }
  }
}

TEST(matrices_are_loaded_as_products_want_them) {
  for (const bool transposed : {false, true}) {
    std::vector<uint32_t> out(32 * 4);
    Stream stream(kSeed);
    Launch launch(stream, "load");
    launch.run(
        {.grid_x = 1, .threads = 32},
        +[](Global<uint32_t> out, bool transposed) {
          QWQ_SHARED(Words4, rows, 32);  // row i of matrix m at 8 m + i: 16-bit elements 64 m + 8 i ..
          const uint32_t lane = static_cast<uint32_t>(lane_index());
          Words4 row;
          for (uint32_t i = 0; i < 4; ++i) row.w[i] = (8 * lane + 2 * i) | (8 * lane + 2 * i + 1) << 16;
          rows[lane] = row;
          sync_warp();
          uint32_t r[4];
          if (transposed) {
            load_matrices_transposed(r, rows + lane);
          } else {
            load_matrices(r, rows + lane);
          }
          for (int m = 0; m < 4; ++m) out[4 * lane + m] = r[m];
        },
        launch.out("out", out.data(), out.size()), transposed);
    for (uint32_t lane = 0; lane < 32; ++lane) {
      for (uint32_t m = 0; m < 4; ++m) {
        const uint32_t g = lane / 4;
        const uint32_t t = lane % 4;
        const uint32_t first = transposed ? 64 * m + 8 * (2 * t) + g : 64 * m + 8 * g + 2 * t;
        const uint32_t second = transposed ? first + 8 : first + 1;
        CHECK_EQ(out[4 * lane + m], first | second << 16);
      }
    }
  }
  expect_fault("not aligned to 16", [](Stream& stream) {
    int out[32];
    Launch launch(stream, "load");
    launch.run(
        {.grid_x = 1, .threads = 32},
        +[](Global<int> out) {
          QWQ_SHARED(uint32_t, rows, 256);
          for (int i = lane_index(); i < 256; i += 32) rows[i] = 0;
          sync_warp();
          uint32_t r[4];
          load_matrices(r, rows + 4 * lane_index() + 1);
          out[lane_index()] = static_cast<int>(r[0]);
        },
        launch.out("out", out, 32));
  });
}

namespace {

// Copies 512 words through shared memory; kWait and kBarrier as they ought to be.
template <bool kWait, bool kBarrier>
std::vector<uint32_t> copy_through(Stream& stream, size_t n) {
  alignas(16) static uint32_t x[512];
  for (uint32_t i = 0; i < 512; ++i) x[i] = i + 1;
  std::vector<uint32_t> out(512);
  Launch launch(stream, "copy_through");
  const auto in = launch.in("x", x, n);
  launch.run(
      {.grid_x = 1, .threads = 64},
      +[](Global<const uint32_t> x, Global<uint32_t> out, int n) {
        QWQ_SHARED(Words4, tile, 128);
        const int t = thread_index();
        for (int i = t; i < 128; i += 64) {  // two groups
          const int valid = n - 4 * i;
          copy_16_async(tile + i, x + 4 * i, valid >= 4 ? 16 : valid > 0 ? 4 * valid : 0);
          commit_copies();
        }
        if (kWait) wait_for_copies<1>();
        if (kBarrier) sync_block();
        for (int i = 0; i < 4; ++i) out[4 * t + i] = cast<uint32_t>(tile)[4 * (63 - t) + i];
        wait_for_copies<0>();
        sync_block();
        for (int i = 0; i < 4; ++i) out[256 + 4 * t + i] = cast<uint32_t>(tile)[4 * (127 - t) + i];
      },
      in, launch.out("out", out.data(), 512), static_cast<int>(n));
  return out;
}

}  // namespace

TEST(asynchronous_copies_arrive_when_waited_for) {
  for (const size_t n : {512, 511, 258, 256}) {
    Stream stream(kSeed);
    const std::vector<uint32_t> out = copy_through<true, true>(stream, n);
    for (uint32_t i = 0; i < 512; ++i) {
      const uint32_t source = i / 256 * 256 + (63 - i % 256 / 4) * 4 + i % 4;
      CHECK_EQ(out[i], source < n ? source + 1 : 0);
    }
  }
  expect_fault("of tile, which nothing wrote",
               [](Stream& stream) { copy_through<false, true>(stream, 512); });
  expect_fault("tile", [](Stream& stream) { copy_through<true, false>(stream, 512); });
}

}  // namespace qwq::cuda

int main(int argc, char** argv) {
  std::printf("seed %llu\n", static_cast<unsigned long long>(qwq::cuda::kSeed));
  return qwq::test::run(argc, argv);
}
