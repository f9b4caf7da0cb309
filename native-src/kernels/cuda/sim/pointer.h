// Pointers that know how far they may reach.
#pragma once

#include <bit>
#include <cstring>
#include <type_traits>

#include "kernels/cuda/sim/machine.h"

namespace qwq::cuda {

namespace sim {

enum class Space { kGlobal, kShared };

// What an element of checked memory is to those who read and assign it.
template <typename T>
class Reference {
 public:
  using Value = std::remove_const_t<T>;

  Reference(T* p, Region* region) : p_(p), region_(region) {}
  Reference(const Reference&) = default;

  operator Value() const { return load(); }
  const Reference& operator=(const Value& value) const {
    region_->check_write(Machine::actor(), p_, sizeof(T), alignof(T));
    *p_ = value;
    return *this;
  }
  const Reference& operator=(const Reference& other) const { return *this = static_cast<Value>(other); }
  const Reference& operator+=(const Value& value) const { return *this = static_cast<Value>(load() + value); }
  const Reference& operator*=(const Value& value) const { return *this = static_cast<Value>(load() * value); }

 private:
  Value load() const {
    region_->check_read(Machine::actor(), p_, sizeof(T), alignof(T));
    return *p_;
  }

  T* p_;
  Region* region_;
};

template <typename V>
V read_first(const void* p, Region* region, size_t n) {
  region->check_extent(p, sizeof(V), alignof(V));
  region->check_read(Machine::actor(), p, n, alignof(V));
  std::byte bytes[sizeof(V)];
  std::memset(bytes, 0x7e, sizeof(V));
  std::memcpy(bytes, p, n);
  return std::bit_cast<V>(bytes);
}

template <typename T, Space kSpace>
class Pointer {
 public:
  Pointer() = default;
  Pointer(std::nullptr_t) {}
  Pointer(T* p, Region* region) : p_(p), region_(region) {}
  template <typename U>
  requires(std::is_same_v<const U, T>) Pointer(const Pointer<U, kSpace>& other)
      : p_(other.raw()), region_(other.region()) {}

  Reference<T> operator[](int64_t i) const { return Reference<T>(checked(i), region_); }
  Reference<T> operator*() const { return (*this)[0]; }
  Pointer operator+(int64_t n) const { return Pointer(p_ + n, region_); }
  Pointer operator-(int64_t n) const { return Pointer(p_ - n, region_); }
  Pointer& operator+=(int64_t n) {
    p_ += n;
    return *this;
  }
  bool operator==(std::nullptr_t) const { return p_ == nullptr; }

  T* raw() const { return p_; }
  Region* region() const { return region_; }

 private:
  T* checked(int64_t i) const {
    if (region_ == nullptr) fault("uses a null pointer");
    return p_ + i;
  }

  T* p_ = nullptr;
  Region* region_ = nullptr;
};

}  // namespace sim

// Into memory of the device, and into memory of the block.
template <typename T>
using Global = sim::Pointer<T, sim::Space::kGlobal>;
template <typename T>
using Shared = sim::Pointer<T, sim::Space::kShared>;

template <typename U, typename T, sim::Space kSpace>
sim::Pointer<U, kSpace> cast(const sim::Pointer<T, kSpace>& p) {
  return sim::Pointer<U, kSpace>(reinterpret_cast<U*>(p.raw()), p.region());
}

// One access of sizeof(V) bytes, aligned to alignof(V).
template <typename V, typename T, sim::Space kSpace>
V read(const sim::Pointer<T, kSpace>& p) {
  return cast<const V>(p)[0];
}
// The same, but only the first n bytes count; nothing may have been written to the others, and anything may
// come of them: on the device what lies there, here NaN. All of it is the caller's memory.
template <typename V, typename T, sim::Space kSpace>
V read_first(const sim::Pointer<T, kSpace>& p, int n) {
  return sim::read_first<V>(p.raw(), p.region(), static_cast<size_t>(n));
}
template <typename V, typename T, sim::Space kSpace>
void write(const sim::Pointer<T, kSpace>& p, const V& value) {
  cast<V>(p)[0] = value;
}

// Address modulo a power of two, for memory that may lie anywhere.
template <typename T, sim::Space kSpace>
unsigned misalignment(const sim::Pointer<T, kSpace>& p, unsigned power) {
  return static_cast<unsigned>(reinterpret_cast<uintptr_t>(p.raw()) & (power - 1));
}

}  // namespace qwq::cuda
