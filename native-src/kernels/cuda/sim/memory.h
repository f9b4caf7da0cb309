// The memory a simulated kernel may touch, byte by byte: what was written, by whom, and when.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace qwq::cuda::sim {

// A kernel did what it must not. The message names kernel, block, thread, memory and seed.
struct Fault : std::runtime_error {
  using std::runtime_error::runtime_error;
};

[[noreturn]] [[gnu::format(printf, 1, 2)]] void fault(const char* format, ...);

// When and by whom something was done. Two threads of a block are ordered by a barrier of the block, two of a
// warp by one of the warp as well; blocks of a launch are never ordered, launches of a stream always.
struct Stamp {
  static constexpr uint32_t kNever = 0xffffffffu;
  static constexpr uint32_t kMany = 0xffffffffu;

  uint32_t block = kNever;
  uint32_t thread = 0;         // of the block; kMany: of several warps
  bool lanes = false;          // several of the warp of `thread`
  uint32_t barrier_epoch = 0;  // barriers of the block the thread had passed
  uint32_t warp_epoch = 0;     // barriers of the warp
  bool atomic = false;
};

// What the memory must know of the thread that runs.
struct Actor {
  Stamp now;           // thread is never kMany
  bool early = false;  // earlier launches may still run
};

enum class Access {
  kIn,        // may be read, is all written
  kConstant,  // likewise, and no launch that may still run writes it
  kOut,       // may be written, and read by the block that wrote it; must be all written in the end
  kUpdate,    // may be read and written, is all written
  kShared,    // shared memory of a block: nothing is written at first
};

// Memory whose contents are known over several launches.
class Tracked {
 public:
  Tracked(const void* base, size_t bytes) : base_(static_cast<const std::byte*>(base)), written_(bytes) {}

  bool holds(const void* p, size_t bytes) const {
    const std::byte* first = static_cast<const std::byte*>(p);
    return first >= base_ && first + bytes <= base_ + written_.size();
  }
  bool touches(const void* p, size_t bytes) const {
    const std::byte* first = static_cast<const std::byte*>(p);
    return first < base_ + written_.size() && first + bytes > base_;
  }
  bool written(const std::byte* p, size_t n) const {
    for (size_t i = 0; i < n; ++i) {
      if (!written_[static_cast<size_t>(p - base_) + i]) return false;
    }
    return true;
  }
  void mark(const std::byte* p, size_t n) {
    for (size_t i = 0; i < n; ++i) written_[static_cast<size_t>(p - base_) + i] = true;
  }
  void forget() { written_.assign(written_.size(), false); }

 private:
  const std::byte* base_;
  std::vector<uint8_t> written_;
};

// What a launch moved. Bytes as the threads asked for them, however many got them at once.
struct Traffic {
  uint64_t global_read = 0;
  uint64_t global_written = 0;
  uint64_t shared_read = 0;
  uint64_t shared_written = 0;
};

// One parameter of a launch, or one shared array of a block.
class Region {
 public:
  // Elements of `granule` bytes are read and written as a whole, or several at once. rows > 1: rows of
  // row_bytes, stride_bytes apart; what lies between is out of bounds.
  Region(std::string name, Access access, void* base, size_t row_bytes, size_t rows, size_t stride_bytes,
         size_t granule, std::shared_ptr<Tracked> tracked, Traffic* traffic);

  void check_read(const Actor& actor, const void* p, size_t n, size_t alignment, bool atomic = false);
  void check_write(const Actor& actor, const void* p, size_t n, size_t alignment, bool atomic = false);

  // That all of it lies inside, whatever is there.
  void check_extent(const void* p, size_t n, size_t alignment) const { locate("reads", p, n, alignment); }

  // What was written there has not arrived: reading it is a fault again. Shared memory only.
  void withdraw(const void* p, size_t n);

  // Makes shared memory what it is at the start of a block, and a parameter what it is at that of a launch.
  void forget();

  // After a launch: everything that had to be written was.
  void check_complete() const;

  bool overlaps(const Region& other) const {
    return base_ < other.base_ + other.bytes_ && other.base_ < base_ + bytes_;
  }
  bool same_range(const Region& other) const { return base_ == other.base_ && bytes_ == other.bytes_; }
  bool writable() const { return access_ != Access::kIn && access_ != Access::kConstant; }
  Access access() const { return access_; }
  const std::string& name() const { return name_; }
  std::byte* base() const { return base_; }
  size_t bytes() const { return bytes_; }

 private:
  struct Mark {
    Stamp write;
    Stamp read;  // the latest; shared memory only
  };

  Mark& mark(size_t index) {
    std::unique_ptr<Mark[]>& page = marks_[index / kMarksOfPage];
    if (page == nullptr) page = std::make_unique<Mark[]>(kMarksOfPage);
    return page[index % kMarksOfPage];
  }
  size_t locate(const char* verb, const void* p, size_t n, size_t alignment) const;
  bool in_gap(size_t granule_index) const;
  void check_waited(const Actor& actor, const char* verb) const;
  void check_order(const Actor& actor, const Stamp& before, bool atomic, const char* what,
                   size_t index) const;

  std::string name_;
  Access access_;
  std::byte* base_;
  size_t bytes_;
  size_t row_bytes_;
  size_t stride_bytes_;
  size_t granule_;
  std::shared_ptr<Tracked> tracked_;
  Traffic* traffic_;
  std::vector<uint8_t> written_;  // of granules, where nothing is at first; else empty
  static constexpr size_t kMarksOfPage = 256;
  std::vector<std::unique_ptr<Mark[]>> marks_;  // of granules, in pages; null: not touched yet
};

}  // namespace qwq::cuda::sim
