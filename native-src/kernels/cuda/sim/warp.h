// Where a thread is, and what the threads of a block and of a warp do together.
#pragma once

#include <cstring>
#include <type_traits>

#include "kernels/cuda/sim/pointer.h"

namespace qwq::cuda {

using sim::kAllLanes;
using sim::kWarp;

// Of ptxas, not of what is simulated.
inline constexpr bool kFewRegisters = false;

inline int thread_index() { return static_cast<int>(sim::Machine::current().thread()); }
inline int lane_index() { return static_cast<int>(sim::Machine::current().lane()); }
inline int warp_index() { return thread_index() / kWarp; }
// x; what follows from it is computed after this, not before and kept in registers until it is needed.
inline int here(int x) { return x; }
inline int block_threads() { return static_cast<int>(sim::Machine::current().block_threads()); }
inline int block_x() { return static_cast<int>(sim::Machine::current().block().x); }
inline int block_y() { return static_cast<int>(sim::Machine::current().block().y); }
inline int block_z() { return static_cast<int>(sim::Machine::current().block().z); }
inline int grid_x() { return static_cast<int>(sim::Machine::current().grid().x); }
inline int grid_y() { return static_cast<int>(sim::Machine::current().grid().y); }

inline void wait_for_earlier_launches() { sim::Machine::current().running().actor.early = false; }

inline void sync_block(sim::Site site = sim::Site::current()) { sim::Machine::current().sync_block(site); }
inline void sync_warp(uint32_t mask = kAllLanes, sim::Site site = sim::Site::current()) {
  sim::Machine::current().sync_warp(mask, site);
}

namespace sim {

// `value` of lane source(own lane); a source outside the mask is a fault.
template <typename T, typename Source>
T shuffle(const char* what, uint32_t mask, T value, Site site, Source source) {
  static_assert(std::is_trivially_copyable_v<T> && (sizeof(T) == 4 || sizeof(T) == 8));
  struct Slot {
    T value;
    uint32_t source;
    T result;
  };
  Machine& machine = Machine::current();
  Slot slot = {value, source(machine.lane()), value};
  machine.collect(what, mask, &slot, site, [mask](void* const(&slots)[kWarp]) {
    for (uint32_t lane = 0; lane < kWarp; ++lane) {
      if ((mask >> lane & 1) == 0) continue;
      Slot& mine = *static_cast<Slot*>(slots[lane]);
      if (mine.source >= kWarp || (mask >> mine.source & 1) == 0) {
        fault("a shuffle: lane %u reads lane %u, which the mask 0x%08x does not name", lane, mine.source,
              mask);
      }
      mine.result = static_cast<Slot*>(slots[mine.source])->value;
    }
  });
  return slot.result;
}

}  // namespace sim

template <typename T>
T shuffle(uint32_t mask, T value, int source, sim::Site site = sim::Site::current()) {
  return sim::shuffle("a shuffle", mask, value, site,
                      [source](uint32_t) { return static_cast<uint32_t>(source); });
}
template <typename T>
T shuffle_xor(uint32_t mask, T value, int lane_mask, sim::Site site = sim::Site::current()) {
  return sim::shuffle("a shuffle", mask, value, site,
                      [lane_mask](uint32_t lane) { return lane ^ static_cast<uint32_t>(lane_mask); });
}
// Of lane + delta; lanes without one keep their own value.
template <typename T>
T shuffle_down(uint32_t mask, T value, int delta, sim::Site site = sim::Site::current()) {
  return sim::shuffle("a shuffle", mask, value, site, [delta](uint32_t lane) {
    const uint32_t source = lane + static_cast<uint32_t>(delta);
    return source < kWarp ? source : lane;
  });
}

// Bit l: whether the condition held in lane l of the mask.
inline uint32_t ballot(uint32_t mask, bool condition, sim::Site site = sim::Site::current()) {
  struct Slot {
    bool condition;
    uint32_t result;
  };
  Slot slot = {condition, 0};
  sim::Machine::current().collect("a vote", mask, &slot, site, [mask](void* const(&slots)[kWarp]) {
    uint32_t votes = 0;
    for (int lane = 0; lane < kWarp; ++lane) {
      if ((mask >> lane & 1) != 0 && static_cast<Slot*>(slots[lane])->condition) votes |= 1u << lane;
    }
    for (int lane = 0; lane < kWarp; ++lane) {
      if ((mask >> lane & 1) != 0) static_cast<Slot*>(slots[lane])->result = votes;
    }
  });
  return slot.result;
}
inline bool any(uint32_t mask, bool condition, sim::Site site = sim::Site::current()) {
  return ballot(mask, condition, site) != 0;
}
inline bool all(uint32_t mask, bool condition, sim::Site site = sim::Site::current()) {
  return ballot(mask, condition, site) == mask;
}

// Returns what was there before. No other thread may use the element in the same way without a barrier but by
// atomic_add.
template <typename T, sim::Space kSpace>
T atomic_add(const sim::Pointer<T, kSpace>& p, T value) {
  p.region()->check_read(sim::Machine::actor(), p.raw(), sizeof(T), alignof(T), true);
  p.region()->check_write(sim::Machine::actor(), p.raw(), sizeof(T), alignof(T), true);
  const T before = *p.raw();
  *p.raw() = static_cast<T>(before + value);
  return before;
}

}  // namespace qwq::cuda
