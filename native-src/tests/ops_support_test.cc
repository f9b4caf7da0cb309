// Which variants exist, and which operators each serves every format with: reality must equal this table.
#include "tests/ops_testing.h"

namespace qwq::test {
namespace {

// e: embed, p: matmul in the prefill recipe, d: in the decode recipe.
constexpr const char* kVariants[] = {"reference", "generic", "avx2",        "avx512_vnni",
                                     "amx",       "neon",    "neon_dotprod"};

struct Row {
  const char* format;
  const char* operators[std::size(kVariants)];
};

constexpr Row kSupport[] = {
    {"F32", {"epd", "epd", "epd", "epd", "epd", "epd", "epd"}},
    {"F16", {"epd", "epd", "epd", "epd", "epd", "epd", "epd"}},
    {"Q4_0", {"epd", "epd", "epd", "epd", "epd", "epd", "epd"}},
    {"Q4_1", {"epd", "epd", "epd", "epd", "epd", "epd", "epd"}},
    {"Q5_0", {"epd", "epd", "epd", "epd", "epd", "epd", "epd"}},
    {"Q5_1", {"epd", "epd", "epd", "epd", "epd", "epd", "epd"}},
    {"Q8_0", {"epd", "epd", "epd", "epd", "epd", "epd", "epd"}},
    {"Q2_K", {"epd", "epd", "epd", "epd", "epd", "epd", "epd"}},
    {"Q3_K", {"epd", "epd", "epd", "epd", "epd", "epd", "epd"}},
    {"Q4_K", {"epd", "epd", "epd", "epd", "epd", "epd", "epd"}},
    {"Q5_K", {"epd", "epd", "epd", "epd", "epd", "epd", "epd"}},
    {"Q6_K", {"epd", "epd", "epd", "epd", "epd", "epd", "epd"}},
    {"IQ4_NL", {"epd", "epd", "epd", "epd", "epd", "epd", "epd"}},
    {"IQ4_XS", {"epd", "epd", "epd", "epd", "epd", "epd", "epd"}},
    {"BF16", {"epd", "epd", "epd", "epd", "epd", "epd", "epd"}},
};

// The operators whose results are right: an embedded row, and a product of 256 columns of a constant and of
// alternating signs with activations that the int8 recipe holds exactly.
std::string operators(const Backend& backend, const FormatInfo& format) {
  std::vector<float> values(512, 0.5f);
  for (size_t i = 257; i < 512; i += 2) values[i] = -0.5f;
  const Weight weight(format.dtype, 2, 256, values, Flush::kEnd);
  const std::vector<float> alternating = weight.decoded_row(1);
  std::vector<float> x(256);
  for (size_t i = 0; i < 256; ++i) x[i] = i % 2 == 0 ? 127.0f : -63.0f;
  double expected[2] = {};
  for (int64_t r = 0; r < 2; ++r) {
    const std::vector<float> w = weight.decoded_row(r);
    for (size_t i = 0; i < 256; ++i) expected[r] += static_cast<double>(x[i]) * w[i];
  }
  Context context(backend, limits_for(256, 1));
  std::string served;
  const int32_t token = 1;
  std::vector<float> row(256);
  backend.embed(*context, {&weight.tensor(), &token, 1, row.data()});
  if (row == alternating) served += 'e';
  for (const Recipe recipe : {Recipe::kPrefill, Recipe::kDecode}) {
    float out[2] = {};
    const MatmulJob job = {&weight.tensor(), nullptr, out, 2};
    backend.matmul(*context, {&job, 1, x.data(), 1, 256, recipe});
    // 64 additions at most, of |w x| < 1 * 95 * 256 in all; minimums are no larger than w.
    const double tolerance = 64 * 0x1p-24 * 3 * 95 * 256;
    const bool good =
        std::fabs(out[0] - expected[0]) < tolerance && std::fabs(out[1] - expected[1]) < tolerance;
    if (good) served += recipe == Recipe::kPrefill ? 'p' : 'd';
  }
  return served;
}

}  // namespace

TEST(names_and_order_of_the_variants) {
  const auto isas = cpu_isas();
  CHECK_EQ(isas.size() + 1, std::size(kVariants));
  CHECK_EQ(std::string(reference_backend().name), kVariants[0]);
  for (size_t i = 0; i < isas.size(); ++i) CHECK_EQ(std::string(isas[i].name), kVariants[i + 1]);
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
  for (const CpuIsa& isa : isas) CHECK_EQ(isa.compiled, !std::string_view(isa.name).starts_with("neon"));
#elif defined(__aarch64__)
  for (const CpuIsa& isa : isas) {
    const std::string_view name(isa.name);
    CHECK_EQ(isa.compiled, name == "generic" || name.starts_with("neon"));
  }
  CHECK(isas[4].usable());
#if defined(__linux__)
  // The processor's own description, which the kernel lets programs read: four bits each for dot products and
  // atomics.
  uint64_t isar0;
  asm("mrs %0, ID_AA64ISAR0_EL1" : "=r"(isar0));
  CHECK_EQ(isas[5].usable(), (isar0 >> 44 & 15) >= 1 && (isar0 >> 20 & 15) >= 2);
#endif
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

TEST(formats_and_variants_serve_what_the_table_says) {
  CHECK_EQ(all_formats().size(), std::size(kSupport));
  for (size_t v = 0; v < std::size(kVariants); ++v) {
    const Backend* backend = v == 0 ? &reference_backend() : cpu_backend(kVariants[v]);
    if (backend == nullptr) {
      std::printf("not on this machine: %s\n", kVariants[v]);
      continue;
    }
    CHECK(backend->embed != nullptr && backend->rms_norm != nullptr && backend->matmul != nullptr);
    CHECK(backend->rope != nullptr && backend->store_kv != nullptr && backend->attention != nullptr);
    CHECK(backend->swiglu != nullptr && backend->add != nullptr && backend->scratch_bytes != nullptr);
    for (size_t f = 0; f < std::size(kSupport); ++f) {
      const FormatInfo& format = all_formats()[f];
      CHECK_EQ(std::string(format.name), kSupport[f].format);
      const std::string cell = format.name + std::string(" on ") + backend->name + ": ";
      CHECK_EQ(cell + operators(*backend, format), cell + kSupport[f].operators[v]);
    }
  }
}

}  // namespace qwq::test

QWQ_OPS_TEST_MAIN
