#include "kernels/cuda/sim/memory.h"

#include <cstdarg>
#include <cstdio>

namespace qwq::cuda::sim {

void fault(const char* format, ...) {
  char text[512];
  va_list args;
  va_start(args, format);
  std::vsnprintf(text, sizeof(text), format, args);
  va_end(args);
  throw Fault(text);
}

Region::Region(std::string name, Access access, void* base, size_t row_bytes, size_t rows,
               size_t stride_bytes, size_t granule, std::shared_ptr<Tracked> tracked, Traffic* traffic)
    : name_(std::move(name)),
      access_(access),
      base_(static_cast<std::byte*>(base)),
      bytes_(rows == 0 ? 0 : (rows - 1) * stride_bytes + row_bytes),
      row_bytes_(row_bytes),
      stride_bytes_(rows > 1 ? stride_bytes : row_bytes),
      granule_(granule),
      tracked_(std::move(tracked)),
      traffic_(traffic) {
  if (bytes_ % granule_ != 0 || (stride_bytes_ != 0 && stride_bytes_ % granule_ != 0)) {
    fault("%s: not a whole number of elements", name_.c_str());
  }
  const size_t n = bytes_ / granule_;
  if (writable()) marks_.resize((n + kMarksOfPage - 1) / kMarksOfPage);
  if (access == Access::kOut || access == Access::kShared) written_.assign(n, 0);
}

bool Region::in_gap(size_t index) const {
  return stride_bytes_ != 0 && index * granule_ % stride_bytes_ >= row_bytes_;
}

size_t Region::locate(const char* verb, const void* p, size_t n, size_t alignment) const {
  const std::byte* first = static_cast<const std::byte*>(p);
  const ptrdiff_t offset = first - base_;
  if (first < base_ || first + n > base_ + bytes_) {
    fault("%s %zu bytes at offset %td of %s, which has %zu", verb, n, offset, name_.c_str(), bytes_);
  }
  if (reinterpret_cast<uintptr_t>(p) % alignment != 0) {
    fault("%s %zu bytes at offset %td of %s, not aligned to %zu", verb, n, offset, name_.c_str(), alignment);
  }
  const size_t at = static_cast<size_t>(offset);
  if (stride_bytes_ != row_bytes_ && (at % stride_bytes_ + n > row_bytes_)) {
    fault("%s %zu bytes at offset %td of %s, between its rows", verb, n, offset, name_.c_str());
  }
  return at;
}

void Region::check_order(const Actor& actor, const Stamp& before, bool atomic, const char* what,
                         size_t index) const {
  const Stamp& now = actor.now;
  if (before.block == Stamp::kNever) return;
  if (before.atomic && atomic) return;
  const bool same_block = before.block == now.block;
  if (same_block) {
    if (before.thread == now.thread && !before.lanes) return;
    if (before.barrier_epoch < now.barrier_epoch) return;
    const bool same_warp = before.thread != Stamp::kMany && before.thread / 32 == now.thread / 32;
    if (same_warp && before.warp_epoch < now.warp_epoch) return;
  }
  if (before.thread == Stamp::kMany) {
    fault("%s element %zu of %s with no barrier between them: several threads of this block", what, index,
          name_.c_str());
  }
  fault("%s element %zu of %s with no barrier between them: thread %u of %s block", what, index,
        name_.c_str(), before.thread, same_block ? "this" : "another");
}

void Region::check_waited(const Actor& actor, const char* verb) const {
  if (actor.early && access_ != Access::kShared && access_ != Access::kConstant) {
    fault("%s %s before it has waited for earlier launches", verb, name_.c_str());
  }
}

void Region::check_read(const Actor& actor, const void* p, size_t n, size_t alignment, bool atomic) {
  check_waited(actor, "reads");
  const size_t offset = locate("reads", p, n, alignment);
  (access_ == Access::kShared ? traffic_->shared_read : traffic_->global_read) += n;
  if (written_.empty() && tracked_ != nullptr && !tracked_->written(static_cast<const std::byte*>(p), n)) {
    fault("reads %zu bytes at offset %zu of %s, which nothing wrote", n, offset, name_.c_str());
  }
  if (!writable()) return;
  const size_t last = (offset + n - 1) / granule_;
  for (size_t i = offset / granule_; i <= last; ++i) {
    if (!written_.empty() && written_[i] == 0) {
      fault("reads element %zu of %s, which nothing wrote", i, name_.c_str());
    }
    Mark& mark = this->mark(i);
    check_order(actor, mark.write, atomic, "reads what was written to", i);
    if (access_ != Access::kShared) continue;
    Stamp& read = mark.read;
    const Stamp& now = actor.now;
    const bool same_warp = read.thread != Stamp::kMany && read.thread / 32 == now.thread / 32;
    if (read.block != now.block || read.barrier_epoch < now.barrier_epoch ||
        (same_warp && read.warp_epoch < now.warp_epoch)) {
      read = now;
    } else if (!same_warp) {
      read.thread = Stamp::kMany;
    } else if (read.thread != now.thread) {
      read.lanes = true;
    }
    read.atomic = atomic;
  }
}

void Region::check_write(const Actor& actor, const void* p, size_t n, size_t alignment, bool atomic) {
  if (!writable()) fault("writes to %s, which is an input", name_.c_str());
  check_waited(actor, "writes to");
  const size_t offset = locate("writes", p, n, alignment);
  if (offset % granule_ != 0 || n % granule_ != 0) {
    fault("writes a part of element %zu of %s", offset / granule_, name_.c_str());
  }
  (access_ == Access::kShared ? traffic_->shared_written : traffic_->global_written) += n;
  for (size_t i = offset / granule_; i < (offset + n) / granule_; ++i) {
    Mark& mark = this->mark(i);
    check_order(actor, mark.write, atomic, "writes what was written to", i);
    if (access_ == Access::kShared) check_order(actor, mark.read, atomic, "writes what was read from", i);
    mark.write = actor.now;
    mark.write.atomic = atomic;
    if (!written_.empty()) written_[i] = 1;
  }
  if (tracked_ != nullptr) tracked_->mark(static_cast<const std::byte*>(p), n);
}

void Region::withdraw(const void* p, size_t n) {
  const size_t offset = static_cast<size_t>(static_cast<const std::byte*>(p) - base_);
  for (size_t i = offset / granule_; i < (offset + n) / granule_; ++i) written_[i] = 0;
}

void Region::forget() {
  for (std::unique_ptr<Mark[]>& page : marks_) page.reset();
  written_.assign(written_.size(), 0);
}

void Region::check_complete() const {
  if (access_ != Access::kOut) return;
  for (size_t i = 0; i < written_.size(); ++i) {
    if (written_[i] == 0 && !in_gap(i)) fault("element %zu of %s was not written", i, name_.c_str());
  }
}

}  // namespace qwq::cuda::sim
