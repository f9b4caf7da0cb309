// matmul of every cpu variant, format and recipe against the reference.
#include "formats/bytes.h"
#if defined(__x86_64__)
#include "tests/emulated_amx.h"
#endif
#include "tests/format_parts.h"
#include "tests/ops_testing.h"

namespace qwq::test {
namespace {

// Those this machine can run, and the one with emulated matrix units where its other instructions are there.
std::vector<Variant> variants_to_test() {
  std::vector<Variant> variants = usable_variants();
#if defined(__x86_64__)
  for (const CpuIsa& isa : cpu_isas()) {
    if (std::string(isa.name) == "avx512_vnni" && isa.usable())
      variants.push_back({&emulated_amx_backend, 16});
  }
#endif
  return variants;
}

struct Shape {
  int64_t rows;  // of the weight
  int64_t cols;
  int64_t n_rows;  // of x
};

// Inputs and outputs of one product, every buffer at a guard page.
struct Product {
  Product(DType dtype, const Shape& shape, Flush flush, bool with_bias = true)
      : shape(shape),
        weight(dtype, shape.rows, shape.cols, 10, flush),
        x(normal(static_cast<size_t>(shape.n_rows * shape.cols), 11), flush),
        bias(normal(static_cast<size_t>(shape.rows), 12), flush),
        out_stride(shape.rows + 3),
        out(static_cast<size_t>((shape.n_rows - 1) * out_stride + shape.rows), flush),
        with_bias(with_bias) {}

  std::vector<float> run(const Backend& backend, Recipe recipe, int n_threads = 2) {
    std::fill_n(out.data(), out.size(), kUntouched);
    OpLimits limits = limits_for(shape.cols, n_threads);
    limits.max_rows = shape.n_rows;
    Context context(backend, limits);
    const MatmulJob job = {&weight.tensor(), with_bias ? bias.data() : nullptr, out.data(), out_stride};
    backend.matmul(*context, {&job, 1, x.data(), shape.n_rows, shape.cols, recipe});
    return out.copy();
  }

  static constexpr float kUntouched = -12345.0f;

  Shape shape;
  Weight weight;
  Guarded<float> x;
  Guarded<float> bias;
  int64_t out_stride;
  Guarded<float> out;
  bool with_bias;
};

bool uses_int8(DType dtype) { return find_format(dtype)->block_elements > 1; }

// Prompts on matrix units (kernels/cpu/tile_prefill.h).
bool on_tiles(const Variant& variant, DType dtype, Recipe recipe) {
  return std::string_view(variant.backend->name).starts_with("amx") && recipe == Recipe::kPrefill &&
         (uses_int8(dtype) || dtype == DType::kBF16);
}

// Additions an element passes through; see the headers of the recipes. The longest chain is used.
double additions(int64_t cols, int lanes) {
  const double n = static_cast<double>(cols);
  const double prefill = std::min(n, 1024.0) / lanes + 1 + n / 1024 + 1;
  const double decode = n / (4.0 * lanes) + 4 + 2;
  const double int8 = 2 * (n / 256 + 1) + 2 + 3 + 1;
  return std::max({prefill, decode, int8}) + std::log2(lanes) + 2;
}

// A row of x as the int8 recipe rounds it: its definition, not its code.
struct Rounded {
  std::vector<double> x;          // scale * q
  std::vector<double> half_step;  // scale / 2 of the element's block
};

Rounded round_activations(const float* x, int64_t cols) {
  Rounded rounded;
  for (int64_t begin = 0; begin < cols; begin += 32) {
    float largest = 0;
    for (int64_t k = begin; k < begin + 32; ++k) largest = std::max(largest, std::fabs(x[k]));
    const float scale = largest / 127.0f;
    const float inverse = largest > 0 ? 127.0f / largest : 0.0f;
    for (int64_t k = begin; k < begin + 32; ++k) {
      rounded.x.push_back(scale * static_cast<double>(std::nearbyintf(x[k] * inverse)));
      rounded.half_step.push_back(scale / 2.0);
    }
  }
  return rounded;
}

// |w| as it enters the rounding errors: w = scale * level + minimum may be a small difference of larger
// numbers, and the minimum is added by itself.
std::vector<double> weight_magnitudes(const Weight& weight, int64_t row) {
  const Tensor& tensor = weight.tensor();
  const FormatInfo& format = *find_format(tensor.dtype);
  std::vector<double> magnitudes;
  for (const float w : weight.decoded_row(row)) {
    const int64_t k = static_cast<int64_t>(magnitudes.size());
    const std::byte* block = tensor.row(row) + k / format.block_elements * format.block_bytes;
    const double minimum = minimum_of(tensor.dtype, block, static_cast<int>(k % format.block_elements));
    magnitudes.push_back(std::fabs(w) + 2 * std::fabs(minimum));
  }
  return magnitudes;
}

double to_bf16(double x) { return bf16_to_f32(f32_to_bf16(static_cast<float>(x))); }

// What an element must be, and what its tolerance is made of.
struct Expected {
  double reference;      // of the activations as they are
  double exact;          // of the rounded ones
  double magnitude;      // sum of |w x| and |bias|, both terms of w
  double on_tiles;       // of both rounded to bf16
  double products;       // sum of |w x| of those
  double ties;           // what weights that may be rounded up or down, by their own rounding, may change
  double rounding_of_x;  // what rounding them may change
};

std::vector<Expected> expected_elements(Product& product) {
  const Shape& shape = product.shape;
  const std::vector<float> reference = product.run(reference_backend(), Recipe::kDecode);
  const bool int8 = uses_int8(product.weight.tensor().dtype);
  std::vector<Rounded> rounded(static_cast<size_t>(shape.n_rows));
  for (size_t r = 0; int8 && r < rounded.size(); ++r) {
    rounded[r] = round_activations(product.x.data() + static_cast<int64_t>(r) * shape.cols, shape.cols);
  }
  std::vector<Expected> elements;
  for (int64_t f = 0; f < shape.rows; ++f) {
    const std::vector<float> w = product.weight.decoded_row(f);
    const std::vector<double> magnitudes = weight_magnitudes(product.weight, f);
    for (int64_t r = 0; r < shape.n_rows; ++r) {
      const double bias = product.with_bias ? product.bias[static_cast<size_t>(f)] : 0;
      const float* x = product.x.data() + r * shape.cols;
      Expected e = {};
      e.reference = reference[static_cast<size_t>(r * product.out_stride + f)];
      e.exact = e.on_tiles = bias;
      e.magnitude = e.products = std::fabs(bias);
      for (size_t k = 0; k < w.size(); ++k) {
        e.magnitude += magnitudes[k] * std::fabs(x[k]);
        // A format's scale and minimum may have been multiplied and added with one rounding or two.
        const double slack = 0x1p-22 * magnitudes[k];
        const double low = to_bf16(w[k] - slack), high = to_bf16(w[k] + slack), x_rounded = to_bf16(x[k]);
        e.on_tiles += (low + high) / 2 * x_rounded;
        e.products += std::max(std::fabs(low), std::fabs(high)) * std::fabs(x_rounded);
        e.ties += (high - low) / 2 * std::fabs(x_rounded);
        if (!int8) continue;
        const Rounded& row = rounded[static_cast<size_t>(r)];
        e.exact += w[k] * row.x[k];
        // The level x * inverse is itself rounded: 2^-22 of at most 127 levels.
        e.rounding_of_x += std::fabs(w[k]) * row.half_step[k] * (1 + 0x1p-14);
      }
      elements.push_back(e);
    }
  }
  return elements;
}

// Weights are quantised and the reference computed once for all variants and recipes.
void check_product(const std::vector<Variant>& variants, DType dtype, const Shape& shape,
                   std::initializer_list<Recipe> recipes, Flush flush) {
  Product product(dtype, shape, flush, shape.rows % 2 == 0);
  const std::vector<Expected> elements = expected_elements(product);
  const bool int8 = uses_int8(dtype);
  for (const Variant& variant : variants) {
    const double eps = additions(shape.cols, variant.lanes) * 0x1p-24;
    for (const Recipe recipe : recipes) {
      const std::vector<float> actual = product.run(*variant.backend, recipe);
      const Expected* e = elements.data();
      for (int64_t f = 0; f < shape.rows; ++f) {
        for (int64_t r = 0; r < shape.n_rows; ++r, ++e) {
          const float value = actual[static_cast<size_t>(r * product.out_stride + f)];
          if (on_tiles(variant, dtype, recipe)) {
            const double chain = static_cast<double>(shape.cols) / 32 + 18;
            CHECK_NEAR(value, e->on_tiles, 1.01 * chain * 0x1p-24 * e->products + e->ties);
            continue;
          }
          CHECK_NEAR(value, e->reference, 1.01 * eps * e->magnitude + e->rounding_of_x);
          // |scale q| may exceed |x| by half a step: 1/254 of the largest of the block, within the factor.
          if (int8) CHECK_NEAR(value, e->exact, 1.01 * eps * (e->magnitude + e->rounding_of_x));
        }
      }
      for (int64_t r = 0; r + 1 < shape.n_rows; ++r) {
        for (int64_t gap = shape.rows; gap < product.out_stride; ++gap) {
          CHECK_EQ(actual[static_cast<size_t>(r * product.out_stride + gap)], Product::kUntouched);
        }
      }
    }
  }
}

constexpr std::initializer_list<Recipe> kBothRecipes = {Recipe::kPrefill, Recipe::kDecode};

template <typename Body>
void for_all(Body&& body) {
  for (const Variant& variant : variants_to_test()) {
    for (const FormatInfo& format : all_formats()) {
      for (const Recipe recipe : {Recipe::kPrefill, Recipe::kDecode}) body(variant, format, recipe);
    }
  }
}

}  // namespace

TEST(all_tails_of_columns) {
  const std::vector<Variant> variants = variants_to_test();
  for (const FormatInfo& format : all_formats()) {
    const auto check = [&](const std::vector<Variant>& which, int64_t cols) {
      check_product(which, format.dtype, {5, cols, 3}, kBothRecipes, Flush::kEnd);
      check_product(which, format.dtype, {2, cols, 2}, kBothRecipes, Flush::kStart);
      check_product(which, format.dtype, {9, cols, 1}, {Recipe::kDecode}, Flush::kEnd);
    };
    const int64_t step = format.block_elements;
    for (int64_t n = 1;; ++n) {
      std::vector<Variant> some;  // wide enough to have such a tail
      for (const Variant& variant : variants) {
        if (n <= (step == 1 ? 10 * variant.lanes + 1 : 9)) some.push_back(variant);
      }
      if (some.empty()) break;
      check(some, n * step);
    }
    // Block edges of the prefill recipe.
    std::vector<int64_t> columns = {1024, 1280, 2304};
    if (step == 1) columns.insert(columns.end(), {1023, 1025, 2047, 2050});
    if (step == 32) columns.insert(columns.end(), {992, 1056, 2080});
    for (const int64_t cols : columns) check(variants, cols);
  }
}

TEST(all_tails_of_rows) {
  const std::vector<Variant> variants = variants_to_test();
  for (const FormatInfo& format : all_formats()) {
    const auto check = [&](int64_t rows, int64_t n_rows) {
      check_product(variants, format.dtype, {rows, 256, n_rows}, kBothRecipes, Flush::kEnd);
    };
    for (int64_t n_rows = 1; n_rows <= 24; ++n_rows) check(7, n_rows);
    for (int64_t rows = 1; rows <= 18; ++rows) check(rows, 2);
    for (const int64_t rows : {47, 48, 49, 97}) check(rows, 7);
  }
}

TEST(more_rows_than_a_task_takes) {
  const std::vector<Variant> variants = variants_to_test();
  // Panels of 16, 8 or 4 rows, alone and three vectors at once, with rows left over and with a padded vector.
  for (const int64_t n_rows : {192, 200, 209, 515}) {
    check_product(variants, DType::kQ4_K, {50, 256, n_rows}, {Recipe::kPrefill}, Flush::kEnd);
  }
  check_product(variants, DType::kBF16, {20, 70, 515}, {Recipe::kDecode}, Flush::kEnd);
}

// Several panels in a task of matrix units, the last of them partly filled; a part of a chunk of columns.
TEST(more_features_than_a_panel_takes) {
  const std::vector<Variant> variants = variants_to_test();
  for (const DType dtype : {DType::kQ4_K, DType::kQ6_K, DType::kQ8_0, DType::kBF16}) {
    check_product(variants, dtype, {435, 768, 35}, kBothRecipes, Flush::kEnd);
  }
}

TEST(jobs_of_one_call_do_not_mix) {
  for (const Variant& variant : variants_to_test()) {
    for (const Recipe recipe : {Recipe::kPrefill, Recipe::kDecode}) {
      const Shape shape = {0, 512, 5};
      const Weight q(DType::kQ4_K, 100, 512, 20);
      const Weight k(DType::kF16, 33, 512, 21);
      const Weight v(DType::kQ6_K, 17, 512, 22);
      const Guarded<float> x(normal(static_cast<size_t>(shape.n_rows * shape.cols), 23), Flush::kEnd);
      Context context(*variant.backend, limits_for(512, 3));
      std::vector<float> together[3];
      std::vector<float> alone[3];
      MatmulJob jobs[3];
      const Weight* weights[] = {&q, &k, &v};
      for (int j = 0; j < 3; ++j) {
        const int64_t rows = weights[j]->tensor().rows;
        together[j].resize(static_cast<size_t>(5 * rows));
        alone[j].resize(together[j].size());
        const MatmulJob job = {&weights[j]->tensor(), nullptr, alone[j].data(), rows};
        variant.backend->matmul(*context, {&job, 1, x.data(), 5, 512, recipe});
        jobs[j] = job;
        jobs[j].out = together[j].data();
      }
      variant.backend->matmul(*context, {jobs, 3, x.data(), 5, 512, recipe});
      for (int j = 0; j < 3; ++j) CHECK(same_bits(together[j], alone[j]));
    }
  }
}

// The contract of the recipes: an element depends on its row of x and its row of weights alone.
TEST(bits_do_not_depend_on_batch_or_threads) {
  for_all([](const Variant& variant, const FormatInfo& format, Recipe recipe) {
    const Shape shape = {61, 1280, 13};
    Product product(format.dtype, shape, Flush::kEnd);
    const std::vector<float> whole = product.run(*variant.backend, recipe, 1);
    for (const int n_threads : {2, 5}) {
      CHECK(same_bits(product.run(*variant.backend, recipe, n_threads), whole));
    }
    Context context(*variant.backend, limits_for(shape.cols, 2));
    for (const int64_t chunk : {1, 2, 5}) {
      std::fill_n(product.out.data(), product.out.size(), Product::kUntouched);
      for (int64_t r = 0; r < shape.n_rows; r += chunk) {
        const MatmulJob job = {&product.weight.tensor(), product.bias.data(),
                               product.out.data() + r * product.out_stride, product.out_stride};
        const int64_t n = std::min(chunk, shape.n_rows - r);
        variant.backend->matmul(*context,
                                {&job, 1, product.x.data() + r * shape.cols, n, shape.cols, recipe});
      }
      CHECK(same_bits(product.out.copy(), whole));
    }
  });
}

// Tiles of rows in pairs and alone, several panels in a task and one, chunks of columns, and more rows than a
// task takes.
TEST(bits_of_prompts_do_not_depend_on_the_tiles_they_are_in) {
  for (const Variant& variant : variants_to_test()) {
    for (const DType dtype : {DType::kQ4_K, DType::kQ8_0, DType::kBF16}) {
      for (const Shape& shape : {Shape{435, 1280, 35}, Shape{19, 768, 530}}) {
        Product product(dtype, shape, Flush::kEnd);
        const std::vector<float> whole = product.run(*variant.backend, Recipe::kPrefill, 1);
        CHECK(same_bits(product.run(*variant.backend, Recipe::kPrefill, 3), whole));
        Context context(*variant.backend, limits_for(shape.cols, 2));
        for (const int64_t chunk : {7, 16}) {
          std::fill_n(product.out.data(), product.out.size(), Product::kUntouched);
          for (int64_t r = 0; r < shape.n_rows; r += chunk) {
            const MatmulJob job = {&product.weight.tensor(), product.bias.data(),
                                   product.out.data() + r * product.out_stride, product.out_stride};
            const int64_t n = std::min(chunk, shape.n_rows - r);
            variant.backend->matmul(
                *context, {&job, 1, product.x.data() + r * shape.cols, n, shape.cols, Recipe::kPrefill});
          }
          CHECK(same_bits(product.out.copy(), whole));
        }
      }
    }
  }
}

// Rows of activations too long for L1 are read by several features at once; a feature alone shares nothing.
TEST(bits_do_not_depend_on_features_that_share_activations) {
  constexpr int64_t kCols = 17408;  // of which one row is too long, also in int8
  const std::vector<Variant> variants = variants_to_test();
  for (const FormatInfo& format : all_formats()) {
    for (const int64_t features : {12, 17}) {  // of 17, one is left over
      Product product(format.dtype, {features, kCols, 4}, Flush::kEnd);
      for (const Variant& variant : variants) {
        Context context(*variant.backend, limits_for(kCols, 1));
        for (const int64_t n_rows : {1, 2, 3, 4}) {
          std::vector<float> together(static_cast<size_t>(n_rows * features));
          std::vector<float> alone(together.size());
          const Tensor& weight = product.weight.tensor();
          const MatmulJob job = {&weight, product.bias.data(), together.data(), features};
          variant.backend->matmul(*context, {&job, 1, product.x.data(), n_rows, kCols, Recipe::kDecode});
          for (int64_t f = 0; f < features; ++f) {
            const Tensor row = {weight.row(f), weight.row_bytes, 1, kCols, format.dtype};
            const MatmulJob one = {&row, product.bias.data() + f, alone.data() + f, features};
            variant.backend->matmul(*context, {&one, 1, product.x.data(), n_rows, kCols, Recipe::kDecode});
          }
          CHECK(same_bits(together, alone));
        }
      }
    }
  }
}

// Quantised models give the same bits on every instruction set, in panels and row by row: for generated
// tokens everywhere, for prompts but on matrix units.
TEST(int8_bits_are_the_same_on_all_variants) {
  const std::vector<Variant> variants = variants_to_test();
  for (const FormatInfo& format : all_formats()) {
    if (format.block_elements == 1) continue;
    for (const int64_t cols : {256, 512, 1280, 3584, 288, 480, 3552}) {
      if (cols % format.block_elements != 0) continue;
      for (const int64_t n_rows : {3, 29}) {
        Product product(format.dtype, {37, cols, n_rows}, Flush::kEnd);
        const std::vector<float> first = product.run(*variants[0].backend, Recipe::kDecode);
        for (const Variant& variant : variants) {
          for (const Recipe recipe : {Recipe::kPrefill, Recipe::kDecode}) {
            if (on_tiles(variant, format.dtype, recipe)) continue;
            CHECK(same_bits(product.run(*variant.backend, recipe), first));
          }
        }
      }
    }
  }
}

// Every level and scale at its largest, activations too: sums must not overflow or saturate.
TEST(int8_extremes_are_exact) {
  for (const FormatInfo& format : all_formats()) {
    if (format.block_elements == 1) continue;
    for (const int fill : {0x00, 0x7f, 0x80, 0xff}) {
      const int64_t cols = 256;
      constexpr int64_t kRows = 20;  // the four below again and again: panels, and rows beside them
      Product product(format.dtype, {1, cols, kRows}, Flush::kEnd, false);
      std::byte* bytes = const_cast<std::byte*>(product.weight.tensor().data);
      std::memset(bytes, fill, product.weight.tensor().row_bytes);
      for (int64_t k = 0; k < cols; k += format.block_elements) {  // scales of 1
        std::byte* block = bytes + k / format.block_elements * format.block_bytes;
        for (const int offset : f16_offsets(format.dtype)) store<uint16_t>(block + offset, 0x3c00);
      }
      for (int64_t r = 0; r < kRows; ++r) {
        for (int64_t i = 0; i < cols; ++i) {
          const float values[] = {127, -127, i % 2 == 0 ? 127.0f : -127.0f, 0};
          product.x[static_cast<size_t>(r * cols + i)] = values[r % 4];
        }
      }
      const std::vector<float> w = product.weight.decoded_row(0);
      for (const Variant& variant : variants_to_test()) {
        const std::vector<float> actual = product.run(*variant.backend, Recipe::kDecode);
        for (int64_t r = 0; r < kRows; ++r) {
          double exact = 0;
          double magnitude = 0;
          for (size_t k = 0; k < w.size(); ++k) {
            exact += static_cast<double>(w[k]) * product.x[static_cast<size_t>(r * cols) + k];
            magnitude += std::fabs(static_cast<double>(w[k]) * product.x[static_cast<size_t>(r * cols) + k]);
          }
          // Scales of 1 are exact, and so are the sums of blocks; the two terms of affine formats (each below
          // 4 times their difference here) and three additions round.
          CHECK_NEAR(actual[static_cast<size_t>(r * product.out_stride)], exact, 16 * 0x1p-24 * magnitude);
        }
      }
    }
  }
}

TEST(a_cancelled_product_ends_early) {
  for (const Variant& variant : variants_to_test()) {
    for (const Recipe recipe : {Recipe::kPrefill, Recipe::kDecode}) {
      Product product(DType::kQ4_K, {200, 256, 3}, Flush::kEnd);
      std::fill_n(product.out.data(), product.out.size(), Product::kUntouched);
      Context context(*variant.backend, limits_for(256, 2));
      const int32_t cancel = 1;
      (*context).cancel = &cancel;
      const MatmulJob job = {&product.weight.tensor(), nullptr, product.out.data(), product.out_stride};
      variant.backend->matmul(*context, {&job, 1, product.x.data(), 3, 256, recipe});
      for (const float v : product.out.copy()) CHECK_EQ(v, Product::kUntouched);
    }
  }
}

#if defined(__x86_64__)
// Runs last: counts what all tests above did.
TEST(emulated_matrix_units_were_used_as_the_processor_demands) { CHECK_EQ(emulated_amx_faults(), 0); }
#endif

}  // namespace qwq::test

QWQ_OPS_TEST_MAIN
