// The reference operators against values worked out by hand: everything else is tested against them.
#include <numbers>

#include "formats/bytes.h"
#include "formats/half.h"
#include "kernels/backend.h"
#include "kernels/thread_pool.h"
#include "tests/check.h"

namespace qwq {
namespace {

struct Fixture {
  ThreadPool pool{2};
  std::vector<std::byte> scratch = std::vector<std::byte>(1 << 16);
  OpContext ctx{&pool, nullptr, scratch.data(), scratch.size()};
  const Backend& backend = reference_backend();
};

// Results are rounded to f32 once: half an ulp, 2^-24.
double once_rounded(double value) { return std::fabs(value) * 0x1p-24; }

}  // namespace

TEST(rms_norm_of_three_and_four) {
  Fixture f;
  const float x[] = {3, 4, 0, 0};
  const float weight[] = {1, 2, 1, 1};
  float out[2];
  f.backend.rms_norm(f.ctx, {x, weight, 0.0f, 1, 2, out});
  const double rms = std::sqrt(12.5);
  CHECK_NEAR(out[0], 3 / rms, once_rounded(1));
  CHECK_NEAR(out[1], 8 / rms, once_rounded(4));
  f.backend.rms_norm(f.ctx, {x + 2, weight, 1e-6f, 1, 2, out});  // eps keeps zero from dividing by zero
  CHECK_EQ(out[0], 0.0f);
}

TEST(matmul_with_bias_and_stride) {
  Fixture f;
  const float weights[] = {1, 2, 3, 4, 5, 6};
  const Tensor weight = {reinterpret_cast<const std::byte*>(weights), 12, 2, 3, DType::kF32};
  const float bias[] = {100, 200};
  const float x[] = {1, 1, 1, 1, 0, -1};
  float out[] = {-1, -1, -1, -1, -1, -1};
  const MatmulJob job = {&weight, bias, out, 3};
  f.backend.matmul(f.ctx, {&job, 1, x, 2, 3, Recipe::kPrefill});
  const float expected[] = {106, 215, -1, 98, 198, -1};
  for (int i = 0; i < 6; ++i) CHECK_EQ(out[i], expected[i]);
}

TEST(embed_picks_rows) {
  Fixture f;
  const uint16_t table[] = {0x3f80, 0x4000, 0x4040, 0x4080};  // bf16 1 2 3 4
  const Tensor tensor = {reinterpret_cast<const std::byte*>(table), 4, 2, 2, DType::kBF16};
  const int32_t tokens[] = {1, 0, 1};
  float out[6];
  f.backend.embed(f.ctx, {&tensor, tokens, 3, out});
  const float expected[] = {3, 4, 1, 2, 3, 4};
  for (int i = 0; i < 6; ++i) CHECK_EQ(out[i], expected[i]);
}

TEST(rope_turns_by_a_quarter) {
  Fixture f;
  float x[] = {1, 10, 2, 20, 99};  // one head of four: pairs (1, 2) and (10, 20); then a stranger
  const int32_t position = 3;
  const float inv_freq[] = {static_cast<float>(std::numbers::pi / 6), 0.0f};
  f.backend.rope(f.ctx, {x, 5, 1, 1, 4, &position, inv_freq, 2.0f});
  // cos 90 = 0, sin 90 = 1, times the attention factor: (1, 2) -> (-4, 2). The angle is pi/2 to 2^-23 in f32.
  CHECK_NEAR(x[0], -4, 4 * 0x1p-22);
  CHECK_NEAR(x[2], 2, 4 * 0x1p-22);
  CHECK_EQ(x[1], 20.0f);
  CHECK_EQ(x[3], 40.0f);
  CHECK_EQ(x[4], 99.0f);
}

TEST(store_kv_then_attention_over_two_blocks) {
  Fixture f;
  constexpr int kBlockSize = 16;
  constexpr int kHeadDim = 2;
  constexpr int kPlane = kBlockSize * kHeadDim;         // elements of K, or V, of a block
  std::vector<uint16_t> cache(3 * 2 * kPlane, 0x7e00);  // unwritten slots are NaN
  const KvLayer kv = {reinterpret_cast<std::byte*>(cache.data()), 2 * kPlane * 2, 1, kHeadDim, kBlockSize};
  const int32_t block_table[] = {2, 0};
  // Tokens without weight (their K is far away), then three over the border of the blocks.
  AttentionRow before[14];
  for (int i = 0; i < 14; ++i) before[i] = {block_table, i};
  AttentionRow rows[3];
  for (int i = 0; i < 3; ++i) rows[i] = {block_table, 14 + i};
  std::vector<float> far(28, -1000.0f);
  f.backend.store_kv(f.ctx, {far.data(), far.data(), 2, 2, 14, before, kv});
  const float k[] = {1, 0, 0, 1, 0, 0};
  const float v[] = {1, 10, 2, 20, 4, 40};
  f.backend.store_kv(f.ctx, {k, v, 2, 2, 3, rows, kv});
  const uint16_t* block2 = cache.data() + 2 * 2 * kPlane;
  const uint16_t* block0 = cache.data();
  CHECK_EQ(f16_to_f32(block2[14]), 1.0f);                    // K of token 14: element 0, lane 14
  CHECK_EQ(f16_to_f32(block2[16 + 15]), 1.0f);               // K of token 15: element 1, lane 15
  CHECK_EQ(f16_to_f32(block2[kPlane + 15 * 2 + 1]), 20.0f);  // V of token 15: row 15, column 1
  CHECK_EQ(f16_to_f32(block0[kPlane + 1]), 40.0f);           // V of token 16: row 0, column 1
  CHECK_EQ(f16_to_f32(block0[16]), 0.0f);                    // K of token 16: element 1, lane 0
  CHECK_EQ(block0[1], 0x7e00);

  // Two query heads share the KV head. Scores with scale 1: head 0 sees (ln 2, 0, 0), head 1 (0, ln 3, 0).
  const float ln2 = std::numbers::ln2_v<float>;
  const float ln3 = std::log(3.0f);
  float q[3 * 4];
  for (int r = 0; r < 3; ++r) {
    q[4 * r] = ln2;
    q[4 * r + 1] = 0;
    q[4 * r + 2] = 0;
    q[4 * r + 3] = ln3;
  }
  float out[3 * 4];
  f.backend.attention(f.ctx, {q, 4, 3, 2, rows, kv, 1.0f, out, Recipe::kDecode});
  // Weights 2:1 and 2:1:1; 1:3 and 1:3:1. ln in f32 is off by 2^-25, which moves a weight by as much.
  const double expected[] = {1,         10,         1,         10,        //
                             4.0 / 3,   40.0 / 3,   7.0 / 4,   70.0 / 4,  //
                             8.0 / 4.0, 80.0 / 4.0, 11.0 / 5., 110.0 / 5.};
  for (int i = 0; i < 12; ++i) CHECK_NEAR(out[i], expected[i], expected[i] * 0x1p-22);
}

// Values that f16 would round: 1 + 2^-20 and its like come back as they were.
TEST(f32_cache_keeps_every_bit) {
  Fixture f;
  constexpr int kBlockSize = 16;
  constexpr int kPlane = kBlockSize * 2;  // elements of a head's K, or V, in a block
  std::vector<float> cache(2 * 4 * kPlane, NAN);
  const KvLayer kv = {
      reinterpret_cast<std::byte*>(cache.data()), 4 * kPlane * sizeof(float), 2, 2, kBlockSize, KvType::kF32};
  const int32_t block_table[] = {1};
  const AttentionRow row = {block_table, 0};
  const float k[] = {0x1.00001p0f, 2, 3, 4};
  const float v[] = {0x1.00001p2f, 6, 7, 0x1.00001p3f};
  f.backend.store_kv(f.ctx, {k, v, 4, 4, 1, &row, kv});
  const float* block = cache.data() + 4 * kPlane;
  CHECK_EQ(block[0], k[0]);
  CHECK_EQ(block[kPlane + 16], k[3]);
  CHECK_EQ(block[3 * kPlane + 1], v[3]);
  CHECK(std::isnan(block[1]));

  const float q[] = {1, 1, 1, 1};
  float out[4];
  f.backend.attention(f.ctx, {q, 4, 1, 2, &row, kv, 1.0f, out, Recipe::kPrefill});
  for (int i = 0; i < 4; ++i) CHECK_EQ(out[i], v[i]);
}

// A head of 64 with scales 1 and 2: levels where the layout says, scales after them.
TEST(q8_0_cache_keeps_levels_then_scales) {
  Fixture f;
  constexpr int kHeadDim = 64;
  constexpr size_t kGroupBytes = 16 * kHeadDim + 2 * 16 * 2;
  std::vector<std::byte> cache(2 * kGroupBytes, std::byte{0x55});
  const KvLayer kv = {cache.data(), 2 * kGroupBytes, 1, kHeadDim, 16, KvType::kQ8_0};
  CHECK_EQ(kv.group_bytes(), kGroupBytes);
  const int32_t block_table[] = {0};
  const AttentionRow row = {block_table, 3};
  float k[kHeadDim] = {};
  k[0] = 127, k[1] = -5.4f, k[31] = 3.5f;  // scale 1; 3.5 is a tie, to even
  k[32] = 11, k[63] = -254;                // scale 2; 5.5 to 6
  f.backend.store_kv(f.ctx, {k, k, kHeadDim, kHeadDim, 1, &row, kv});
  const auto level = [&](size_t at) { return static_cast<int>(static_cast<int8_t>(cache[at])); };
  const auto scale = [&](size_t at) {
    uint16_t half;
    std::memcpy(&half, cache.data() + at, 2);
    return f16_to_f32(half);
  };
  CHECK_EQ(level(0 * 16 + 3), 127);
  CHECK_EQ(level(1 * 16 + 3), -5);
  CHECK_EQ(level(31 * 16 + 3), 4);
  CHECK_EQ(level(32 * 16 + 3), 6);
  CHECK_EQ(level(63 * 16 + 3), -127);
  CHECK_EQ(level(4), 0x55);  // of another token
  CHECK_EQ(scale(16 * kHeadDim + 2 * 3), 1.0f);
  CHECK_EQ(scale(16 * kHeadDim + 2 * (16 + 3)), 2.0f);
  CHECK_EQ(level(kGroupBytes + 3 * kHeadDim + 1), -5);
  CHECK_EQ(level(kGroupBytes + 3 * kHeadDim + 63), -127);
  CHECK_EQ(scale(kGroupBytes + 16 * kHeadDim + 2 * (3 * 2 + 1)), 2.0f);
}

// A head of 3 and 4 and one of 6: pairs where the layout says, scales after them, what is no column zero.
TEST(i16_cache_keeps_pairs_then_scales) {
  Fixture f;
  constexpr int kHeadDim = 18;
  constexpr size_t kGroupBytes = 16 * 32 * 2 + 16 * 4;
  std::vector<std::byte> cache(2 * kGroupBytes, std::byte{0x55});
  const KvLayer kv = {cache.data(), 2 * kGroupBytes, 1, kHeadDim, 16, KvType::kI16};
  CHECK_EQ(kv.group_bytes(), kGroupBytes);
  const int32_t block_table[] = {0};
  const AttentionRow row = {block_table, 3};
  float k[kHeadDim] = {};
  k[0] = 3, k[17] = -4;  // norm 5
  float v[kHeadDim] = {};
  v[1] = 6, v[16] = -3;
  f.backend.store_kv(f.ctx, {k, v, kHeadDim, kHeadDim, 1, &row, kv});
  const auto at = [&]<typename T>(size_t byte, T) { return load<T>(cache.data() + byte); };
  const auto level = [&](size_t word) { return int{at(2 * word, int16_t{})}; };
  CHECK_EQ(level((0 * 16 + 3) * 2 + 0), 19660);   // 3 / 5 of 32767, to the nearest
  CHECK_EQ(level((8 * 16 + 3) * 2 + 1), -26214);  // element 17
  CHECK_EQ(level((0 * 16 + 4) * 2), 0x5555);      // of another token
  CHECK_NEAR(at(16 * 32 * 2 + 4 * 3, 0.0f), 5.0 / 32767, 0x1p-35);
  const size_t values = kGroupBytes / 2;
  CHECK_EQ(level(values + ((0 * 8 + 1) * 16 + 1) * 2 + 1), 32767);   // panel 0, tokens 2 and 3, column 1
  CHECK_EQ(level(values + ((1 * 8 + 1) * 16 + 0) * 2 + 1), -16384);  // panel 1; 16383.5 is a tie, to even
  CHECK_EQ(level(values + ((1 * 8 + 1) * 16 + 2) * 2 + 1), 0);       // column 18 is none
  CHECK_EQ(level(values + ((0 * 8 + 1) * 16 + 1) * 2 + 0), 0x5555);  // of another token
  CHECK_NEAR(at(kGroupBytes + 16 * 32 * 2 + 4 * 3, 0.0f), 6.0 / 32767, 0x1p-35);
}

// Levels of q8_0 in the places of i16, scales side by side for all tokens.
TEST(i8_cache_keeps_pairs_then_scales) {
  Fixture f;
  constexpr int kHeadDim = 64;
  constexpr size_t kGroupBytes = 16 * kHeadDim + 2 * 16 * 2;
  std::vector<std::byte> cache(2 * kGroupBytes, std::byte{0x55});
  const KvLayer kv = {cache.data(), 2 * kGroupBytes, 1, kHeadDim, 16, KvType::kI8};
  CHECK_EQ(kv.group_bytes(), kGroupBytes);
  const int32_t block_table[] = {0};
  const AttentionRow row = {block_table, 3};
  float k[kHeadDim] = {};
  k[0] = 127, k[1] = -5.4f, k[33] = -254;  // scales 1 and 2
  f.backend.store_kv(f.ctx, {k, k, kHeadDim, kHeadDim, 1, &row, kv});
  const auto level = [&](size_t at) { return int{load<int8_t>(cache.data() + at)}; };
  const auto scale = [&](size_t at) { return f16_to_f32(load<uint16_t>(cache.data() + at)); };
  CHECK_EQ(level((0 * 16 + 3) * 2), 127);
  CHECK_EQ(level((0 * 16 + 3) * 2 + 1), -5);
  CHECK_EQ(level((16 * 16 + 3) * 2 + 1), -127);
  CHECK_EQ(scale(16 * kHeadDim + 2 * 3), 1.0f);
  CHECK_EQ(scale(16 * kHeadDim + 2 * (16 + 3)), 2.0f);
  CHECK_EQ(level(kGroupBytes + (0 * 8 + 1) * 32 + 2 * 1 + 1), -5);
  CHECK_EQ(level(kGroupBytes + (2 * 8 + 1) * 32 + 2 * 1 + 1), -127);
  CHECK_EQ(scale(kGroupBytes + 16 * kHeadDim + 2 * (16 + 3)), 2.0f);
}

TEST(swiglu_and_add) {
  Fixture f;
  const float gate[] = {0, std::log(3.0f), -1000, 1000};
  const float up[] = {5, 4, 3, 2};
  float out[4];
  f.backend.swiglu(f.ctx, {gate, up, 2, 2, out});
  CHECK_EQ(out[0], 0.0f);
  CHECK_NEAR(out[1], std::log(3.0) * 3, 4 * 0x1p-23);  // silu(ln 3) = ln 3 * 3 / 4
  CHECK_EQ(out[2], 0.0f);
  CHECK_EQ(out[3], 2000.0f);
  f.backend.add(f.ctx, {out, up, 4});
  CHECK_EQ(out[3], 2002.0f);
}

TEST(a_cancelled_operator_returns_early) {
  Fixture f;
  const int32_t cancel = 1;
  f.ctx.cancel = &cancel;
  const float weights[] = {1, 2};
  const Tensor weight = {reinterpret_cast<const std::byte*>(weights), 4, 2, 1, DType::kF32};
  const float x = 1;
  float out[] = {-1, -1};
  const MatmulJob job = {&weight, nullptr, out, 2};
  f.backend.matmul(f.ctx, {&job, 1, &x, 1, 1, Recipe::kDecode});
  CHECK_EQ(out[0], -1.0f);
}

}  // namespace qwq

QWQ_TEST_MAIN
