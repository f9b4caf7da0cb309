#include "tests/emulated_amx.h"

#include <atomic>

#include "kernels/cpu/int8/avx512_vnni.h"
#include "kernels/cpu/int8/panel_amx.h"
#include "kernels/cpu/ops.h"
#include "kernels/cpu/tile_prefill_amx.h"

namespace qwq {
namespace {

std::atomic<int> faults = 0;

struct TileRegister {
  int rows = 0;
  int row_bytes = 0;
  int8_t bytes[16][64];
};

struct TileState {
  bool configured = false;
  TileRegister tiles[8];
};

thread_local TileState state;

void expect(bool condition) {
  if (!condition) faults.fetch_add(1, std::memory_order_relaxed);
}

// As the instruction set reference describes LDTILECFG, TILEZERO, TILELOADD, TDPBSSD and TILESTORED.
struct EmulatedAmx : cpu::Avx512Vnni {
  struct Tiles {
    static void configure(const cpu::TileConfig& config) {
      expect(!state.configured && config.palette == 1 && config.start_row == 0);
      for (int t = 0; t < 8; ++t) {
        expect(config.rows[t] <= 16 && config.row_bytes[t] <= 64 && config.row_bytes[t] % 4 == 0);
        state.tiles[t].rows = config.rows[t];
        state.tiles[t].row_bytes = config.row_bytes[t];
      }
      state.configured = true;
    }
    static void release() {
      expect(state.configured);
      state.configured = false;
    }
    template <int t>
    static void zero() {
      expect(state.configured);
      __builtin_memset(state.tiles[t].bytes, 0, sizeof(state.tiles[t].bytes));
    }
    template <int t>
    static void load(const void* p, int64_t stride) {
      expect(state.configured);
      zero<t>();
      for (int r = 0; r < state.tiles[t].rows; ++r) {
        __builtin_memcpy(state.tiles[t].bytes[r], static_cast<const char*>(p) + r * stride,
                         static_cast<size_t>(state.tiles[t].row_bytes));
      }
    }
    template <int t>
    static void store(void* p, int64_t stride) {
      expect(state.configured);
      for (int r = 0; r < state.tiles[t].rows; ++r) {
        __builtin_memcpy(static_cast<char*>(p) + r * stride, state.tiles[t].bytes[r],
                         static_cast<size_t>(state.tiles[t].row_bytes));
      }
    }
    template <int sums, int weights, int rows>
    static void dot() {
      add_products<sums, weights, rows, int32_t>(
          [](const TileRegister& a, const TileRegister& b, int m, int n) {
            int32_t total = 0;
            for (int k = 0; k < a.row_bytes; ++k) total += a.bytes[m][k] * b.bytes[k / 4][4 * n + k % 4];
            return total;
          });
    }
    // TDPBF16PS: even and odd columns of a tile are summed apart, fused, from zero.
    template <int sums, int weights, int rows>
    static void dot_bf16() {
      add_products<sums, weights, rows, float>(
          [](const TileRegister& a, const TileRegister& b, int m, int n) {
            float parts[2] = {};
            for (int k = 0; k < a.row_bytes / 2; ++k) {
              parts[k % 2] = __builtin_fmaf(bf16(a.bytes[m] + 2 * k),
                                            bf16(b.bytes[k / 2] + 4 * n + k % 2 * 2), parts[k % 2]);
            }
            return parts[0] + parts[1];
          });
    }
    // sums[m][n] += product(weights, rows, m, n)
    template <int sums, int weights, int rows, typename Sum, typename Product>
    static void add_products(Product&& product) {
      TileRegister& c = state.tiles[sums];
      const TileRegister& a = state.tiles[weights];
      const TileRegister& b = state.tiles[rows];
      expect(state.configured && a.rows == c.rows && b.row_bytes == c.row_bytes && a.row_bytes / 4 == b.rows);
      for (int m = 0; m < c.rows; ++m) {
        for (int n = 0; n < c.row_bytes / 4; ++n) {
          Sum total;
          __builtin_memcpy(&total, c.bytes[m] + 4 * n, 4);
          total += product(a, b, m, n);
          __builtin_memcpy(c.bytes[m] + 4 * n, &total, 4);
        }
      }
    }
    static float bf16(const int8_t* p) {
      uint16_t word;
      __builtin_memcpy(&word, p, 2);
      const uint32_t bits = uint32_t{word} << 16;
      float value;
      __builtin_memcpy(&value, &bits, 4);
      return value;
    }
    static __m512i to_bf16(__m512 low, __m512 high) {
      const auto round = [](__m512 v) {
        const __m512i bits = _mm512_castps_si512(v);
        const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
        const __m512i up = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
        const __mmask16 nan = _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q);
        const __m512i quiet = _mm512_or_si512(bits, _mm512_set1_epi32(0x400000));
        return _mm512_cvtepi32_epi16(_mm512_srli_epi32(_mm512_mask_blend_epi32(nan, up, quiet), 16));
      };
      return _mm512_inserti64x4(_mm512_castsi256_si512(round(low)), round(high), 1);
    }
  };
};

}  // namespace

namespace cpu {

template <>
struct Int8<EmulatedAmx> : Int8<Avx512Vnni> {};

template <>
struct Int8Panel<EmulatedAmx> : AmxPanel<EmulatedAmx> {};

template <>
struct TilePrefill<EmulatedAmx> : AmxPrefill<EmulatedAmx> {};

}  // namespace cpu

namespace test {

constinit const Backend emulated_amx_backend = [] {
  Backend backend = cpu::make_backend<EmulatedAmx>();
  backend.name = "amx, emulated";
  return backend;
}();

int emulated_amx_faults() { return faults.load(); }

}  // namespace test
}  // namespace qwq
