// The softmax of attention, gathered tile by tile.
#pragma once

#include "kernels/cpu/attention/strips.h"
#include "kernels/cpu/exp.h"
#include "kernels/cpu/kv_levels.h"

namespace qwq::cpu {

// Lowest finite f32: a maximum before the first score.
inline constexpr float kNoScore = -3.4028235e38f;

// Running softmax of some queries. Totals are kept in kKvGroup lanes, position t in lane t mod kKvGroup.
struct SoftmaxState {
  float* maximum;  // [queries]
  float* total;    // [queries, kKvGroup] sum of p
  float* values;   // [queries, padded_head] sum of p * V
};

constexpr size_t state_floats(int64_t queries, int head_dim) {
  const size_t floats =
      static_cast<size_t>(queries) * static_cast<size_t>(1 + kKvGroup + kv_padded_head(head_dim));
  return (floats + 15) / 16 * 16;
}

QWQ_INLINE SoftmaxState state_at(float* memory, int64_t queries) {
  return {memory, memory + queries, memory + queries * (1 + kKvGroup)};
}

// The state of the queries from `first` on.
QWQ_INLINE SoftmaxState from_query(const SoftmaxState& state, int64_t first, int head_dim) {
  return {state.maximum + first, state.total + first * kKvGroup,
          state.values + first * kv_padded_head(head_dim)};
}

template <class V>
void clear_state(const SoftmaxState& state, int queries, int head_dim) {
  for (int j = 0; j < queries; ++j) state.maximum[j] = kNoScore;
  for (int i = 0; i < queries * kKvGroup; ++i) state.total[i] = 0.0f;
  for (int i = 0; i < queries * kv_padded_head(head_dim); ++i) state.values[i] = 0.0f;
}

template <class V>
QWQ_INLINE void multiply(float* x, int n, float factor) {
  for (int i = 0; i < n; i += V::kLanes) V::store(x + i, V::mul(V::load(x + i), V::set1(factor)));
}

template <class V>
QWQ_INLINE float exp_scalar(float x) {
  float lanes[V::kLanes];
  V::store(lanes, exp<V>(V::set1(x)));
  return lanes[0];
}

// Multiplies what query j has gathered under its maximum so that it counts under `largest`.
template <class V>
QWQ_INLINE void raise_maximum(const SoftmaxState& state, int j, float largest, int head_dim) {
  if (state.maximum[j] == largest) return;
  const float factor = exp_scalar<V>(state.maximum[j] - largest);
  state.maximum[j] = largest;
  multiply<V>(state.total + j * kKvGroup, kKvGroup, factor);
  multiply<V>(state.values + j * kv_padded_head(head_dim), kv_padded_head(head_dim), factor);
}

// Replaces the first n scores of query j by p = exp(score - maximum), after the maximum has taken them in,
// and adds p to its totals. Scores beyond n, up to a whole group, are used up.
template <class V>
void softmax_row(float* scores, int n, const SoftmaxState& state, int j, int head_dim) {
  using F = typename V::F;
  constexpr int kVectors = kKvGroup / V::kLanes;
  const int n_padded = (n + kKvGroup - 1) / kKvGroup * kKvGroup;
  for (int i = n; i < n_padded; ++i) scores[i] = kNoScore;

  F most[kVectors];
#pragma GCC unroll 4
  for (int l = 0; l < kVectors; ++l) most[l] = V::load(scores + l * V::kLanes);
  for (int i = kKvGroup; i < n_padded; i += kKvGroup) {
#pragma GCC unroll 4
    for (int l = 0; l < kVectors; ++l) most[l] = V::max(most[l], V::load(scores + i + l * V::kLanes));
  }
  F best = most[0];
#pragma GCC unroll 4
  for (int l = 1; l < kVectors; ++l) best = V::max(best, most[l]);
  const float largest = V::reduce_max(best);
  raise_maximum<V>(state, j, largest > state.maximum[j] ? largest : state.maximum[j], head_dim);

  const F shift = V::set1(state.maximum[j]);
  for (int i = 0; i < n_padded; i += V::kLanes) {
    V::store(scores + i, exp<V>(V::sub(V::load(scores + i), shift)));
  }
  for (int i = n; i < n_padded; ++i) scores[i] = 0.0f;
  float* total = state.total + j * kKvGroup;
#pragma GCC unroll 4
  for (int l = 0; l < kVectors; ++l) {
    F sum = V::load(total + l * V::kLanes);
    for (int i = 0; i < n_padded; i += kKvGroup) sum = V::add(sum, V::load(scores + i + l * V::kLanes));
    V::store(total + l * V::kLanes, sum);
  }
}

// Adds the state of a later split to that of the earlier ones. `later` is used up.
template <class V>
void merge_state(const SoftmaxState& into, const SoftmaxState& later, int queries, int head_dim) {
  const int head = kv_padded_head(head_dim);
  for (int j = 0; j < queries; ++j) {
    const float largest = into.maximum[j] > later.maximum[j] ? into.maximum[j] : later.maximum[j];
    raise_maximum<V>(into, j, largest, head_dim);
    raise_maximum<V>(later, j, largest, head_dim);
    for (int i = j * kKvGroup; i < (j + 1) * kKvGroup; ++i) into.total[i] += later.total[i];
    for (int d = j * head; d < (j + 1) * head; d += V::kLanes) {
      V::store(into.values + d, V::add(V::load(into.values + d), V::load(later.values + d)));
    }
  }
}

// out[queries, head_dim] = values / total
template <class V>
void write_output(const SoftmaxState& state, int queries, int head_dim, float* out) {
  for (int j = 0; j < queries; ++j) {
    typename V::F total[kKvGroup / V::kLanes];
    for (int l = 0; l < kKvGroup / V::kLanes; ++l)
      total[l] = V::load(state.total + j * kKvGroup + l * V::kLanes);
    const auto inverse = V::set1(1.0f / reduce_lanes<V>(total));
    const float* values = state.values + j * kv_padded_head(head_dim);
    for (int i = 0; i < head_dim; i += V::kLanes) {
      const auto v = V::mul(V::load(values + i), inverse);
      if (head_dim - i >= V::kLanes) {
        V::store(out + i, v);
      } else {
        V::store_partial(out + i, v, head_dim - i);
      }
    }
    out += head_dim;
  }
}

}  // namespace qwq::cpu
