// Which variants exist, and that each serves every format and recipe: reality must equal this table.
#include "tests/ops_testing.h"

namespace qwq::test {
namespace {

struct Row {
  const char* isa;
  const char* formats;
};

constexpr Row kSupport[] = {
    {"generic", "F32 F16 Q4_0 Q5_0 Q8_0 Q4_K Q6_K BF16"},
    {"avx2", "F32 F16 Q4_0 Q5_0 Q8_0 Q4_K Q6_K BF16"},
    {"avx512_vnni", "F32 F16 Q4_0 Q5_0 Q8_0 Q4_K Q6_K BF16"},
    {"amx", "F32 F16 Q4_0 Q5_0 Q8_0 Q4_K Q6_K BF16"},
};

// The value of a 1 x 256 product and of an embedded row, right to the format's own error of a constant.
bool serves(const Backend& backend, const FormatInfo& format) {
  const Weight weight(format.dtype, 1, 256, std::vector<float>(256, 0.5f), Flush::kEnd);
  const std::vector<float> x(256, 1.0f);
  Context context(backend, limits_for(256, 1));
  bool good = true;
  for (const Recipe recipe : {Recipe::kPrefill, Recipe::kDecode}) {
    float out = 0;
    const MatmulJob job = {&weight.tensor(), nullptr, &out, 1};
    backend.matmul(*context, {&job, 1, x.data(), 1, 256, recipe});
    good = good && std::fabs(out - 128.0f) < 0.5f;
  }
  const int32_t token = 0;
  std::vector<float> row(256);
  backend.embed(*context, {&weight.tensor(), &token, 1, row.data()});
  return good && std::fabs(row[255] - 0.5f) < 0.01f;
}

}  // namespace

TEST(names_and_order_of_the_variants) {
  const auto isas = cpu_isas();
  CHECK_EQ(isas.size(), std::size(kSupport));
  for (size_t i = 0; i < isas.size(); ++i) CHECK_EQ(std::string(isas[i].name), kSupport[i].isa);
  CHECK(isas[0].usable());
#if defined(__x86_64__)
  // The compiler's own reading of the processor, which includes what the system enables.
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                      __builtin_cpu_supports("avx512vnni");
  CHECK_EQ(isas[1].usable(), avx2);
  CHECK_EQ(isas[2].usable(), avx512);
  for (const CpuIsa& isa : isas) CHECK(isa.compiled);
#endif
}

TEST(a_backend_is_there_exactly_when_usable) {
  const Backend* best = nullptr;
  for (const CpuIsa& isa : cpu_isas()) {
    const Backend* backend = cpu_backend(isa.name);
    CHECK_EQ(backend != nullptr, isa.usable());
    if (backend == nullptr) continue;
    CHECK_EQ(std::string(backend->name), isa.name);
    best = backend;
  }
  CHECK(cpu_backend("") == best);
  CHECK(cpu_backend("sse9") == nullptr);
  CHECK(cpu_backend("AVX2") == nullptr);
}

TEST(every_variant_has_every_operator_for_every_format) {
  for (const Row& row : kSupport) {
    const Backend* backend = cpu_backend(row.isa);
    if (backend == nullptr) {
      std::printf("not on this machine: %s\n", row.isa);
      continue;
    }
    CHECK(backend->embed != nullptr && backend->rms_norm != nullptr && backend->matmul != nullptr);
    CHECK(backend->rope != nullptr && backend->store_kv != nullptr && backend->attention != nullptr);
    CHECK(backend->swiglu != nullptr && backend->add != nullptr && backend->scratch_bytes != nullptr);
    std::string served;
    for (const FormatInfo& format : all_formats()) {
      if (!serves(*backend, format)) continue;
      if (!served.empty()) served += ' ';
      served += format.name;
    }
    CHECK_EQ(served, row.formats);
  }
}

}  // namespace qwq::test

QWQ_OPS_TEST_MAIN
