// Operators whose elements do not meet: embed, add, swiglu.
#pragma once

#include "kernels/backend.h"
#include "kernels/cpu/exp.h"
#include "kernels/cpu/unpack.h"
#include "kernels/thread_pool.h"

namespace qwq::cpu {

// Elements a task takes: tens of microseconds, far above the cost of handing it out.
inline constexpr int64_t kElementsPerTask = 32768;

// Calls body(begin, end) for pieces of [0, count) on the pool.
template <class V, typename Body>
void for_pieces(OpContext& ctx, int64_t count, Body&& body) {
  const int64_t n_tasks = (count + kElementsPerTask - 1) / kElementsPerTask;
  ctx.pool->parallel_for(n_tasks, [&](int64_t task, int) {
    if (ctx.cancelled()) return;
    const int64_t begin = task * kElementsPerTask;
    const int64_t end = begin + kElementsPerTask;
    body(begin, end < count ? end : count);
  });
}

// Exact: decoding rounds as the format says.
template <class V>
void embed(OpContext& ctx, const EmbedArgs& args) {
  const Tensor& table = *args.table;
  const auto unpack_row = visit_format(table.dtype, []<class Format>() { return &unpack<V, Format>; });
  ctx.pool->parallel_for(args.n_rows, [&](int64_t r, int) {
    if (ctx.cancelled()) return;
    unpack_row(table.row(args.tokens[r]), table.cols, args.out + r * table.cols);
  });
}

// One rounding.
// x[0 .. n) += y
template <class V>
void add_range(float* x, const float* y, int64_t n) {
  int64_t i = 0;
  for (; i + V::kLanes <= n; i += V::kLanes) V::store(x + i, V::add(V::load(x + i), V::load(y + i)));
  const int rest = static_cast<int>(n - i);
  if (rest > 0) {
    V::store_partial(x + i, V::add(V::load_partial(x + i, rest), V::load_partial(y + i, rest)), rest);
  }
}

template <class V>
void add(OpContext& ctx, const AddArgs& args) {
  for_pieces<V>(ctx, args.count, [&](int64_t begin, int64_t end) {
    add_range<V>(args.x + begin, args.y + begin, end - begin);
  });
}

// Four roundings after exp: relative error at most 2^-22 (exp) + 4 * 2^-24 <= 2^-21.
template <class V>
QWQ_INLINE typename V::F swiglu_vector(typename V::F gate, typename V::F up) {
  const auto e = exp<V>(V::sub(V::zero(), gate));
  return V::mul(V::div(gate, V::add(V::set1(1.0f), e)), up);
}

template <class V>
void swiglu(OpContext& ctx, const SwigluArgs& args) {
  for_pieces<V>(ctx, args.n_rows * args.n_cols, [&](int64_t begin, int64_t end) {
    int64_t i = begin;
    for (; i + V::kLanes <= end; i += V::kLanes) {
      V::store(args.out + i, swiglu_vector<V>(V::load(args.gate + i), V::load(args.up + i)));
    }
    const int rest = static_cast<int>(end - i);
    if (rest > 0) {
      const auto gate = V::load_partial(args.gate + i, rest);
      V::store_partial(args.out + i, swiglu_vector<V>(gate, V::load_partial(args.up + i, rest)), rest);
    }
  });
}

}  // namespace qwq::cpu
