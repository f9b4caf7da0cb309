// What all products of attention share: the size of a tile of the cache, fetching it ahead, and strips of
// queries that a register tile holds.
#pragma once

#include <cstddef>

#include "formats/half.h"
#include "runtime/kv_layer.h"

namespace qwq::cpu {

// Positions of a tile.
inline constexpr int kTileTokens = 64;
inline constexpr int kTileGroups = kTileTokens / kKvGroup;

// Into the second-level cache: what lies a tile ahead would push the tile at hand out of the first.
QWQ_INLINE void prefetch(const std::byte* p) { __builtin_prefetch(p, 0, 2); }

template <int Q, typename Body>
QWQ_INLINE void dispatch_strip(int size, int first, Body&& body) {
  if constexpr (Q > 1) {
    if (size < Q) return dispatch_strip<Q - 1>(size, first, body);
  }
  body.template run<Q>(first);
}

// Calls body.run<size>(first) for strips that cover `count` queries, nearly equal and at most Max long.
template <int Max, typename Body>
QWQ_INLINE void for_strips(int count, Body&& body) {
  const int n_strips = (count + Max - 1) / Max;
  const int size = (count + n_strips - 1) / n_strips;
  for (int first = 0; first < count; first += size) {
    const int rest = count - first;
    dispatch_strip<Max>(rest < size ? rest : size, first, body);
  }
}

}  // namespace qwq::cpu
