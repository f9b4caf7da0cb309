// matmul of every cpu variant, format and recipe against the reference.
#include "tests/ops_testing.h"

namespace qwq::test {
namespace {

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
    Context context(backend, limits_for(shape.cols, n_threads));
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

// Additions an element passes through; see the headers of the recipes. The longer chain of the two is used.
double additions(int64_t cols, int lanes) {
  const double n = static_cast<double>(cols);
  const double prefill = std::min(n, 1024.0) / lanes + 1 + n / 1024 + 1;
  const double decode = n / (4.0 * lanes) + 4 + 2;
  return std::max(prefill, decode) + std::log2(lanes) + 2;
}

void check_product(const Variant& variant, DType dtype, const Shape& shape, Recipe recipe, Flush flush) {
  Product product(dtype, shape, flush, shape.rows % 2 == 0);
  const std::vector<float> actual = product.run(*variant.backend, recipe);
  const std::vector<float> reference = product.run(reference_backend(), recipe);
  const double eps = additions(shape.cols, variant.lanes) * 0x1p-24;
  for (int64_t f = 0; f < shape.rows; ++f) {
    const std::vector<float> w = product.weight.decoded_row(f);
    for (int64_t r = 0; r < shape.n_rows; ++r) {
      double magnitude = product.with_bias ? std::fabs(product.bias[static_cast<size_t>(f)]) : 0;
      for (size_t k = 0; k < w.size(); ++k) {
        magnitude +=
            std::fabs(static_cast<double>(w[k]) * product.x[static_cast<size_t>(r * shape.cols) + k]);
      }
      const size_t i = static_cast<size_t>(r * product.out_stride + f);
      CHECK_NEAR(actual[i], reference[i], eps * magnitude);
    }
  }
  for (int64_t r = 0; r + 1 < shape.n_rows; ++r) {
    for (int64_t gap = shape.rows; gap < product.out_stride; ++gap) {
      CHECK_EQ(actual[static_cast<size_t>(r * product.out_stride + gap)], Product::kUntouched);
    }
  }
}

template <typename Body>
void for_all(Body&& body) {
  for (const Variant& variant : usable_variants()) {
    for (const FormatInfo& format : all_formats()) {
      for (const Recipe recipe : {Recipe::kPrefill, Recipe::kDecode}) body(variant, format, recipe);
    }
  }
}

}  // namespace

TEST(all_tails_of_columns) {
  for_all([](const Variant& variant, const FormatInfo& format, Recipe recipe) {
    const int64_t step = format.block_elements;
    std::vector<int64_t> columns;
    for (int64_t n = 1; n <= (step == 1 ? 10 * variant.lanes + 1 : 9); ++n) columns.push_back(n * step);
    for (const int64_t cols : {1024, 1280, 2304})
      columns.push_back(cols);  // block edges of the prefill recipe
    if (step == 1) columns.insert(columns.end(), {1023, 1025, 2047, 2050});
    if (step == 32) columns.insert(columns.end(), {992, 1056, 2080});
    for (const int64_t cols : columns) {
      check_product(variant, format.dtype, {5, cols, 3}, recipe, Flush::kEnd);
      check_product(variant, format.dtype, {2, cols, 2}, recipe, Flush::kStart);
    }
  });
}

TEST(all_tails_of_rows) {
  for_all([](const Variant& variant, const FormatInfo& format, Recipe recipe) {
    for (int64_t n_rows = 1; n_rows <= 14; ++n_rows) {
      check_product(variant, format.dtype, {7, 256, n_rows}, recipe, Flush::kEnd);
    }
    for (int64_t rows = 1; rows <= 18; ++rows) {
      check_product(variant, format.dtype, {rows, 256, 2}, recipe, Flush::kEnd);
    }
    for (const int64_t rows : {47, 48, 49, 97}) {
      check_product(variant, format.dtype, {rows, 256, 7}, recipe, Flush::kEnd);
    }
  });
}

TEST(more_rows_than_a_task_takes) {
  for (const Variant& variant : usable_variants()) {
    check_product(variant, DType::kQ4_K, {50, 256, 515}, Recipe::kPrefill, Flush::kEnd);
    check_product(variant, DType::kBF16, {20, 70, 515}, Recipe::kDecode, Flush::kEnd);
  }
}

TEST(jobs_of_one_call_do_not_mix) {
  for (const Variant& variant : usable_variants()) {
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

TEST(a_cancelled_product_ends_early) {
  for (const Variant& variant : usable_variants()) {
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

}  // namespace qwq::test

QWQ_OPS_TEST_MAIN
