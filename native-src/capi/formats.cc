#include <algorithm>
#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "capi/boundary.h"
#include "formats/format_table.h"
#include "formats/random.h"
#include "runtime/checked.h"
#include "runtime/error.h"

using qwq::FormatInfo;
using qwq::guarded;
using qwq::invalid;
using qwq::require_not_null;

namespace {

const FormatInfo& known_format(int32_t dtype) {
  const FormatInfo* format = qwq::find_format(static_cast<qwq::DType>(dtype));
  if (format == nullptr)
    qwq::fail(QWQ_UNSUPPORTED, "dtype: expected an enum qwq_dtype, found %" PRId32, dtype);
  return *format;
}

// A matrix in f32 on one side and in blocks of a format on the other.
struct Matrix {
  const FormatInfo& format;
  int64_t rows;
  int64_t cols;
  size_t row_bytes;
};

Matrix check_matrix(int32_t dtype, int64_t rows, int64_t cols, uint64_t bytes) {
  const FormatInfo& format = known_format(dtype);
  if (rows < 0) invalid("rows: expected at least 0, found %" PRId64, rows);
  if (cols < 0 || cols % format.block_elements != 0) {
    invalid("cols: expected a multiple of %d for %s, found %" PRId64, format.block_elements, format.name,
            cols);
  }
  const size_t row_bytes = qwq::checked_mul(static_cast<size_t>(cols / format.block_elements),
                                            static_cast<size_t>(format.block_bytes), "bytes of a row");
  const size_t expected = qwq::checked_mul(row_bytes, static_cast<size_t>(rows), "bytes of the matrix");
  qwq::checked_mul(qwq::checked_mul(static_cast<size_t>(rows), static_cast<size_t>(cols), "elements"),
                   sizeof(float), "bytes of the floats");
  if (bytes != expected) {
    invalid("expected %zu bytes for [%" PRId64 ", %" PRId64 "] %s, found %" PRIu64, expected, rows, cols,
            format.name, bytes);
  }
  return {format, rows, cols, row_bytes};
}

void check_finite(const float* row, int64_t index, int64_t cols) {
  const float* bad = std::find_if(row, row + cols, [](float x) { return !std::isfinite(x); });
  if (bad != row + cols) {
    invalid("src[%" PRId64 ", %" PRId64 "]: expected a finite number, found %g", index,
            static_cast<int64_t>(bad - row), static_cast<double>(*bad));
  }
}

}  // namespace

int32_t qwq_dtype_get(int32_t dtype, qwq_dtype_info* out, qwq_error* error) {
  return guarded(error, [&] {
    require_not_null(out, "out");
    const FormatInfo& format = known_format(dtype);
    *out = {};
    std::snprintf(out->name, sizeof(out->name), "%s", format.name);
    out->dtype = dtype;
    out->block_elements = format.block_elements;
    out->block_bytes = format.block_bytes;
  });
}

int32_t qwq_quantize(int32_t dtype, const float* src, int64_t rows, int64_t cols, void* dst,
                     uint64_t dst_bytes, qwq_error* error) {
  return guarded(error, [&] {
    const Matrix m = check_matrix(dtype, rows, cols, dst_bytes);
    if (dst_bytes == 0) return;
    require_not_null(src, "src");
    require_not_null(dst, "dst");
    std::byte* out = static_cast<std::byte*>(dst);
    for (int64_t r = 0; r < rows; ++r, src += cols, out += m.row_bytes) {
      check_finite(src, r, cols);
      m.format.quantize_row(src, out, cols);
    }
  });
}

int32_t qwq_dequantize(int32_t dtype, const void* src, uint64_t src_bytes, int64_t rows, int64_t cols,
                       float* dst, qwq_error* error) {
  return guarded(error, [&] {
    const Matrix m = check_matrix(dtype, rows, cols, src_bytes);
    if (src_bytes == 0) return;
    require_not_null(src, "src");
    require_not_null(dst, "dst");
    const std::byte* in = static_cast<const std::byte*>(src);
    for (int64_t r = 0; r < rows; ++r, in += m.row_bytes, dst += cols) {
      m.format.dequantize_row(in, dst, cols);
    }
  });
}

int32_t qwq_fill_normal(uint64_t seed, uint64_t offset, float stddev, float* dst, uint64_t count,
                        qwq_error* error) {
  return guarded(error, [&] {
    if (count > 0) require_not_null(dst, "dst");
    if (!(stddev >= 0) || !std::isfinite(stddev)) {
      invalid("stddev: expected a finite number of at least 0, found %g", static_cast<double>(stddev));
    }
    if (offset + count < offset)
      invalid("offset + count: %" PRIu64 " + %" PRIu64 " is too large", offset, count);
    qwq::fill_normal(seed, offset, stddev, dst, count);
  });
}
