// embed, add, swiglu, rms_norm, rope and store_kv of every cpu variant against the reference, for all tails.
#include "formats/half.h"
#include "kernels/reference/kv_access.h"
#include "tests/ops_testing.h"

namespace qwq::test {
namespace {

constexpr double kEps = 0x1p-24;  // half an ulp of 1

// Runs body(variant, flush) with buffers that end, and that begin, at guard pages.
template <typename Body>
void for_variants(Body&& body) {
  for (const Variant& variant : usable_variants()) {
    for (const Flush flush : {Flush::kEnd, Flush::kStart}) body(variant, flush);
  }
}

}  // namespace

TEST(embed_decodes_exactly) {
  for_variants([](const Variant& variant, Flush flush) {
    for (const FormatInfo& format : all_formats()) {
      for (const int64_t blocks : {1, 2, 3, 5, 33}) {
        const int64_t cols = blocks * format.block_elements;
        const Weight table(format.dtype, 7, cols, 1, flush);
        const Guarded<int32_t> tokens({6, 0, 3, 3}, flush);
        Guarded<float> out(static_cast<size_t>(4 * cols), flush);
        Context context(*variant.backend, limits_for(cols, 2));
        variant.backend->embed(*context, {&table.tensor(), tokens.data(), 4, out.data()});
        for (size_t r = 0; r < 4; ++r) {
          const std::vector<float> expected = table.decoded_row(tokens[r]);
          for (size_t i = 0; i < expected.size(); ++i) CHECK_EQ(out[r * expected.size() + i], expected[i]);
        }
      }
    }
  });
}

TEST(add_rounds_once) {
  for_variants([](const Variant& variant, Flush flush) {
    for (int64_t n = 0; n <= 2 * variant.lanes + 1; ++n) {
      const std::vector<float> a = normal(static_cast<size_t>(n), 2);
      const Guarded<float> y(normal(static_cast<size_t>(n), 3), flush);
      Guarded<float> x(a, flush);
      Context context(*variant.backend, limits_for(1, 2));
      variant.backend->add(*context, {x.data(), y.data(), n});
      for (size_t i = 0; i < a.size(); ++i) CHECK_EQ(x[i], a[i] + y[i]);
    }
    const std::vector<float> a = normal(100001, 2);
    const Guarded<float> y(normal(a.size(), 3), flush);
    Guarded<float> x(a, flush);
    Context context(*variant.backend, limits_for(1, 3));
    variant.backend->add(*context, {x.data(), y.data(), static_cast<int64_t>(a.size())});
    for (size_t i = 0; i < a.size(); ++i) CHECK_EQ(x[i], a[i] + y[i]);
  });
}

TEST(swiglu_within_two_ulp_of_the_formula) {
  for_variants([](const Variant& variant, Flush flush) {
    std::vector<int64_t> sizes = {100003};
    for (int64_t n = 1; n <= 2 * variant.lanes + 1; ++n) sizes.push_back(n);
    for (const int64_t n : sizes) {
      std::vector<float> gate_values(static_cast<size_t>(n));
      // From -100 to 100: beyond the range of exp at both ends.
      for (size_t i = 0; i < gate_values.size(); ++i) {
        gate_values[i] = -100.0f + 200.0f * static_cast<float>(i) / static_cast<float>(n);
      }
      const Guarded<float> gate(gate_values, flush);
      const Guarded<float> up(normal(static_cast<size_t>(n), 4), flush);
      Guarded<float> out(static_cast<size_t>(n), flush);
      Guarded<float> reference(static_cast<size_t>(n), flush);
      Context context(*variant.backend, limits_for(1, 2));
      variant.backend->swiglu(*context, {gate.data(), up.data(), 1, n, out.data()});
      reference_backend().swiglu(*context, {gate.data(), up.data(), 1, n, reference.data()});
      for (size_t i = 0; i < out.size(); ++i) {
        // exp 2^-22, three roundings, and the reference's own. Where exp(-gate) is clamped, both are below
        // 100 / exp(88.3) times up.
        const double tolerance = std::fabs(reference[i]) * (0x1p-22 + 4 * kEps) + 5e-37 * std::fabs(up[i]);
        CHECK_NEAR(out[i], reference[i], tolerance);
      }
      Guarded<float> aliased(gate_values, flush);
      variant.backend->swiglu(*context, {aliased.data(), up.data(), 1, n, aliased.data()});
      CHECK(same_bits(aliased.copy(), out.copy()));
    }
  });
}

TEST(add_rms_norm_is_both) {
  std::vector<const Backend*> backends = {&reference_backend()};
  for (const Variant& variant : usable_variants()) backends.push_back(variant.backend);
  for (const Backend* backend : backends) {
    for (const int64_t n : {1, 15, 16, 17, 63, 64, 65, 1000}) {
      Context context(*backend, limits_for(n, 2));
      const std::vector<float> y = normal(static_cast<size_t>(3 * n), 21);
      const std::vector<float> weight = normal(static_cast<size_t>(n), 22);
      std::vector<float> sum = normal(y.size(), 20), expected_sum = sum, out(y.size()), expected(y.size());
      backend->add_rms_norm(*context, {sum.data(), y.data(), weight.data(), 1e-6f, 3, n, out.data()});
      backend->add(*context, {expected_sum.data(), y.data(), 3 * n});
      backend->rms_norm(*context, {expected_sum.data(), weight.data(), 1e-6f, 3, n, expected.data()});
      CHECK(same_bits(sum, expected_sum));
      CHECK(same_bits(out, expected));
    }
  }
}

TEST(rms_norm_for_all_tails) {
  for_variants([](const Variant& variant, Flush flush) {
    std::vector<int64_t> sizes = {896, 3584, 5120, 5121};
    for (int64_t n = 1; n <= 10 * variant.lanes + 1; ++n) sizes.push_back(n);
    for (const int64_t n : sizes) {
      const size_t count = static_cast<size_t>(3 * n);
      const Guarded<float> x(normal(count, 5, 3.0f), flush);
      const Guarded<float> weight(normal(static_cast<size_t>(n), 6), flush);
      Guarded<float> out(count, flush);
      Guarded<float> reference(count, flush);
      Context context(*variant.backend, limits_for(n, 2));
      variant.backend->rms_norm(*context, {x.data(), weight.data(), 1e-6f, 3, n, out.data()});
      reference_backend().rms_norm(*context, {x.data(), weight.data(), 1e-6f, 3, n, reference.data()});
      // The sum is off by its additions (n / 4 lanes, 3 left-over vectors, 2 + log2 lanes for the reduction),
      // the result by half of that; mean, eps, root, reciprocal, two products and the reference round too.
      const double additions = static_cast<double>(n) / (4 * variant.lanes) + 3 + 2 + 4;
      for (size_t i = 0; i < count; ++i) {
        CHECK_NEAR(out[i], reference[i], std::fabs(reference[i]) * (additions / 2 + 7) * kEps);
      }
      Guarded<float> aliased(x.copy(), flush);
      variant.backend->rms_norm(*context, {aliased.data(), weight.data(), 1e-6f, 3, n, aliased.data()});
      CHECK(same_bits(aliased.copy(), out.copy()));
      // A row alone gives the same bits.
      Guarded<float> alone(static_cast<size_t>(n), flush);
      variant.backend->rms_norm(*context, {x.data() + 2 * n, weight.data(), 1e-6f, 1, n, alone.data()});
      CHECK(std::memcmp(alone.data(), out.data() + 2 * n, alone.size() * sizeof(float)) == 0);
    }
  });
}

TEST(rope_for_all_head_sizes) {
  for_variants([](const Variant& variant, Flush flush) {
    for (int head_dim = 2; head_dim <= 4 * variant.lanes + 4; head_dim += 2) {
      constexpr int kHeads = 3;
      constexpr int64_t kRows = 4;
      const int64_t stride = kHeads * head_dim + 5;
      // The last row ends with its last head: nothing beyond may be touched.
      const size_t count = static_cast<size_t>((kRows - 1) * stride + kHeads * head_dim);
      const std::vector<float> values = normal(count, 7);
      const Guarded<int32_t> positions({0, 1, 4095, 131071}, flush);
      std::vector<float> frequencies(static_cast<size_t>(head_dim / 2));
      for (size_t i = 0; i < frequencies.size(); ++i) {
        frequencies[i] = std::pow(1e6f, -2.0f * static_cast<float>(i) / static_cast<float>(head_dim));
      }
      const Guarded<float> inv_freq(frequencies, flush);
      Guarded<float> x(values, flush);
      Guarded<float> reference(values, flush);
      OpLimits limits = limits_for(1, 2);
      limits.head_dim = head_dim;
      Context context(*variant.backend, limits);
      RopeArgs args = {x.data(), stride, kRows, kHeads, head_dim, positions.data(), inv_freq.data(), 1.1386f};
      variant.backend->rope(*context, args);
      args.x = reference.data();
      reference_backend().rope(*context, args);
      for (size_t i = 0; i < count; ++i) {
        const size_t in_row = i % static_cast<size_t>(stride);
        if (in_row >= static_cast<size_t>(kHeads * head_dim)) {
          CHECK_EQ(x[i], values[i]);  // between the rows
          continue;
        }
        const size_t in_head = in_row % static_cast<size_t>(head_dim);
        const size_t half = static_cast<size_t>(head_dim) / 2;
        const double partner = in_head < half ? values[i + half] : values[i - half];
        // cos and sin, two products and a sum round, the reference once: 4 half ulps of |a| + |b|.
        CHECK_NEAR(x[i], reference[i], 4 * kEps * 1.1386 * (std::fabs(values[i]) + std::fabs(partner)));
      }
    }
  });
}

TEST(store_kv_rounds_to_nearest_even_in_the_right_slots) {
  for_variants([](const Variant& variant, Flush flush) {
    for (int head_dim = 2; head_dim <= 2 * variant.lanes + 4; head_dim += 2) {
      constexpr int kKvHeads = 2;
      constexpr int kBlockSize = 16;
      constexpr size_t kRows = 20;
      const size_t block_elements = static_cast<size_t>(2 * kKvHeads * kBlockSize * head_dim);
      const std::vector<uint16_t> empty(3 * block_elements, 0x7e01);
      Guarded<uint16_t> cache(empty, flush);
      Guarded<uint16_t> reference(empty, flush);
      const Guarded<int32_t> block_table({2, 0}, flush);
      Guarded<AttentionRow> rows(kRows, flush);
      for (size_t i = 0; i < kRows; ++i) rows[i] = {block_table.data(), static_cast<int32_t>(9 + i)};
      const int64_t stride = kKvHeads * head_dim;
      std::vector<float> k_values = normal(kRows * static_cast<size_t>(stride), 8, 100.0f);
      k_values[0] = 1e6f;            // to infinity
      k_values[1] = -2.9802322e-8f;  // half of the smallest subnormal: to even, -0
      const Guarded<float> k(k_values, flush);
      const Guarded<float> v(normal(k_values.size(), 9), flush);
      Context context(*variant.backend, limits_for(1, 2));
      StoreKvArgs args = {k.data(), v.data(), stride, stride, kRows, rows.data(), {}};
      args.kv = {reinterpret_cast<std::byte*>(cache.data()), 2 * block_elements, kKvHeads, head_dim,
                 kBlockSize};
      variant.backend->store_kv(*context, args);
      args.kv.base = reinterpret_cast<std::byte*>(reference.data());
      reference_backend().store_kv(*context, args);
      for (size_t i = 0; i < cache.size(); ++i) CHECK_EQ(cache[i], reference[i]);
    }
  });
}

// A cache of two blocks, which store_kv of a variant and of the reference write alike.
class StoredRows {
 public:
  static constexpr int kKvHeads = 2;
  static constexpr size_t kRows = 20;

  StoredRows(KvType type, int head_dim, const std::vector<float>& k, const std::vector<float>& v, Flush flush)
      : kv_{nullptr, 2 * kKvHeads * kKvGroup * kv_head_bytes(type, head_dim), kKvHeads, head_dim, 16, type},
        cache_(std::vector<std::byte>(2 * kv_.block_bytes, std::byte{0x7e}), flush),
        reference_(cache_.copy(), flush),
        block_table_({1, 0}, flush),
        rows_(kRows, flush),
        k_(k, flush),
        v_(v, flush) {
    for (size_t i = 0; i < kRows; ++i) rows_[i] = {block_table_.data(), static_cast<int32_t>(7 + i)};
  }

  void store(const Backend& backend) {
    Context context(backend, limits_for(1, 2));
    const int64_t stride = kKvHeads * kv_.head_dim;
    StoreKvArgs args = {k_.data(), v_.data(), stride, stride, kRows, rows_.data(), kv_};
    args.kv.base = cache_.data();
    backend.store_kv(*context, args);
    args.kv.base = reference_.data();
    reference_backend().store_kv(*context, args);
    for (size_t i = 0; i < cache_.size(); ++i) {
      CHECK_EQ(static_cast<int>(cache_[i]), static_cast<int>(reference_[i]));
    }
  }

  std::vector<float> read(bool key, size_t row, int head) {
    KvLayer kv = kv_;
    kv.base = cache_.data();
    std::vector<float> decoded(static_cast<size_t>(kv.head_dim));
    const auto read = key ? &reference::read_k : &reference::read_v;
    read(kv, block_table_.data(), rows_[row].position, head, decoded.data());
    return decoded;
  }
  const float* given(bool key, size_t row, int head) const {
    const int64_t at = (static_cast<int64_t>(row) * kKvHeads + head) * kv_.head_dim;
    return (key ? k_ : v_).data() + at;
  }

 private:
  KvLayer kv_;
  Guarded<std::byte> cache_;
  Guarded<std::byte> reference_;
  Guarded<int32_t> block_table_;
  Guarded<AttentionRow> rows_;
  Guarded<float> k_;
  Guarded<float> v_;
};

TEST(store_kv_quantises_to_8_bits_within_half_a_step) {
  for_variants([](const Variant& variant, Flush flush) {
    for (const KvType type : {KvType::kQ8_0, KvType::kI8}) {
      for (const int head_dim : {32, 64, 128}) {
        const size_t stride = static_cast<size_t>(StoredRows::kKvHeads * head_dim);
        std::vector<float> k = normal(StoredRows::kRows * stride, 8, 3.0f);
        for (size_t i = 0; i < 32; ++i) k[i] = 0.0f;
        for (size_t i = 0; i < 32; ++i) k[stride + i] *= 1e-6f;  // subnormal scale
        std::vector<float> v = normal(k.size(), 9);
        v[5] = INFINITY;
        v[stride + 7] = NAN;
        StoredRows rows(type, head_dim, k, v, flush);
        rows.store(*variant.backend);
        for (size_t r = 0; r < StoredRows::kRows; ++r) {
          for (int h = 0; h < StoredRows::kKvHeads; ++h) {
            const float* x = rows.given(true, r, h);
            const std::vector<float> decoded = rows.read(true, r, h);
            for (int i = 0; i < head_dim; ++i) {
              const float* run = x + i / kKvScaleRun * kKvScaleRun;
              double largest = 0;
              for (int j = 0; j < kKvScaleRun; ++j) largest = std::max<double>(largest, std::fabs(run[j]));
              // Half a step, where the step, largest / 127, was rounded to f16; a subnormal one by 2^-25.
              const double bound = largest / 254 * (1 + 0x1p-11) + 128 * 0x1p-25;
              CHECK_NEAR(decoded[static_cast<size_t>(i)], x[i], bound);
            }
          }
        }
        CHECK(std::isnan(rows.read(false, 0, 0)[5]));
        CHECK(std::isnan(rows.read(false, 1, 0)[7]));
      }
    }
  });
}

TEST(store_kv_quantises_to_16_bits_within_half_a_step) {
  for_variants([](const Variant& variant, Flush flush) {
    for (const int head_dim : {2, 18, 32, 64, 100, 128}) {
      const size_t stride = static_cast<size_t>(StoredRows::kKvHeads * head_dim);
      std::vector<float> k = normal(StoredRows::kRows * stride, 8, 3.0f);
      for (size_t i = 0; i < stride; ++i) k[i] = 0.0f;
      for (size_t i = 0; i < stride; ++i) k[stride + i] *= 1e-15f;  // counts as zero
      for (size_t i = 0; i < stride; ++i) k[2 * stride + i] *= 1e15f;
      std::vector<float> v = normal(k.size(), 9);
      v[1] = -INFINITY;
      v[stride + 1] = NAN;
      v[2 * stride] = 1e30f;
      StoredRows rows(KvType::kI16, head_dim, k, v, flush);
      rows.store(*variant.backend);
      for (const bool key : {true, false}) {
        for (size_t r = key ? 0 : 2; r < StoredRows::kRows; ++r) {
          for (int h = 0; h < StoredRows::kKvHeads; ++h) {
            const float* x = rows.given(key, r, h);
            const std::vector<float> decoded = rows.read(key, r, h);
            double norm = 0;
            double largest = 0;
            for (int i = 0; i < head_dim; ++i) norm += static_cast<double>(x[i]) * x[i];
            for (int i = 0; i < head_dim; ++i) largest = std::max<double>(largest, std::fabs(x[i]));
            const double measure = key ? std::sqrt(norm) : largest;
            // Half a step; a scale, its inverse and what it is multiplied with round once, and before that
            // the sum under the root, head_dim / 16 + 4 times.
            const double bound = measure / 65534 + measure * (head_dim / 16 + 8) * 0x1p-24;
            for (int i = 0; i < head_dim; ++i) {
              CHECK_NEAR(decoded[static_cast<size_t>(i)], x[i], measure < 0x1p-49 ? measure : bound);
            }
          }
        }
      }
      for (const float x : rows.read(false, 0, 0)) CHECK(std::isnan(x));
      for (const float x : rows.read(false, 1, 0)) CHECK(std::isnan(x));
    }
  });
}

}  // namespace qwq::test

QWQ_OPS_TEST_MAIN
