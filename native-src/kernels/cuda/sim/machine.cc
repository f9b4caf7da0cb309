#include "kernels/cuda/sim/machine.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>

namespace qwq::cuda::sim {

constinit thread_local Machine* Machine::current_ = nullptr;

namespace {

bool same_site(const Site& a, const Site& b) {
  return a.line() == b.line() && a.column() == b.column() && std::strcmp(a.file_name(), b.file_name()) == 0;
}

std::string name_of(const Site& site) {
  const char* slash = std::strrchr(site.file_name(), '/');
  return std::string(slash == nullptr ? site.file_name() : slash + 1) + ":" + std::to_string(site.line());
}

}  // namespace

void Machine::run(const char* kernel, GridShape grid, uint32_t threads, bool early,
                  const std::function<void()>& body) {
  if (threads == 0 || threads > kMostThreads || threads % kWarp != 0) {
    fault("%s: blocks of %u threads; whole warps, up to %zu threads", kernel, threads, kMostThreads);
  }
  if (grid.x == 0 || grid.y == 0 || grid.z == 0 || grid.y > 65535 || grid.z > 65535) {
    fault("%s: a grid of %u x %u x %u blocks", kernel, grid.x, grid.y, grid.z);
  }
  grid_ = grid;
  n_threads_ = threads;
  early_ = early;
  body_ = &body;
  while (fibers_.size() < threads) fibers_.push_back(std::make_unique<Fiber>());
  shared_.clear();

  std::vector<uint32_t> order(size_t{grid.x} * grid.y * grid.z);
  std::iota(order.begin(), order.end(), 0u);
  std::shuffle(order.begin(), order.end(), random_);
  Machine* const outer = current_;
  current_ = this;
  for (const uint32_t index : order) {
    block_index_ = index;
    block_ = {index % grid.x, index / grid.x % grid.y, index / grid.x / grid.y};
    try {
      run_block();
    } catch (const Fault& e) {
      current_ = outer;
      fault("%s, block (%u, %u, %u): %s", kernel, block_.x, block_.y, block_.z, e.what());
    }
  }
  current_ = outer;
}

void Machine::run_block() {
  threads_.assign(n_threads_, ThreadState{});
  collectives_.assign(n_threads_ / kWarp, {});
  at_barrier_ = 0;
  failure_.clear();
  for (auto& [key, array] : shared_) {
    if (array.used) array.region->forget();
    array.used = false;
  }
  for (uint32_t t = 0; t < n_threads_; ++t) {
    threads_[t].actor.now.block = block_index_;
    threads_[t].actor.now.thread = t;
    threads_[t].actor.early = early_;
    fibers_[t]->prepare(&Machine::thread_main, this);
  }
  uint32_t done = 0;
  std::vector<uint32_t> ready(n_threads_);
  while (done < n_threads_) {
    ready.clear();
    for (uint32_t t = 0; t < n_threads_; ++t) {
      if (threads_[t].is == ThreadState::Is::kReady) ready.push_back(t);
    }
    if (ready.empty()) report_deadlock();
    // A round in random order: a thread that became ready meanwhile comes in the next one.
    std::shuffle(ready.begin(), ready.end(), random_);
    for (const uint32_t t : ready) {
      running_ = &threads_[t];
      fibers_[t]->resume();
      if (!failure_.empty()) throw Fault(failure_);
      if (threads_[t].is == ThreadState::Is::kDone) ++done;
    }
  }
}

void Machine::thread_main(void* argument) {
  Machine& machine = *static_cast<Machine*>(argument);
  ThreadState& self = *machine.running_;
  try {
    (*machine.body_)();
    if (self.actor.early) fault("ended without waiting for earlier launches");
  } catch (const std::exception& e) {
    machine.failure_ = "thread " + std::to_string(self.actor.now.thread) + " " + e.what();
  }
  self.is = ThreadState::Is::kDone;
  machine.fibers_[self.actor.now.thread]->leave();
}

void Machine::pause(const char* what, Site site) {
  ThreadState& self = *running_;
  self.is = ThreadState::Is::kWaiting;
  self.waits_for = what;
  self.site = site;
  fibers_[self.actor.now.thread]->pause();
}

std::string Machine::where(const ThreadState& thread) const {
  const std::string name = "thread " + std::to_string(thread.actor.now.thread);
  if (thread.is == ThreadState::Is::kDone) return name + " has ended";
  return name + " waits at " + thread.waits_for + " (" + name_of(thread.site) + ")";
}

void Machine::report_deadlock() const {
  const ThreadState* waiting = nullptr;
  for (const ThreadState& thread : threads_) {
    if (thread.is == ThreadState::Is::kWaiting) waiting = &thread;
  }
  for (const ThreadState& thread : threads_) {
    const bool other = thread.is == ThreadState::Is::kDone || !same_site(thread.site, waiting->site);
    if (other) fault("divergence: %s, %s", where(*waiting).c_str(), where(thread).c_str());
  }
  fault("divergence: %s, and nobody else will come", where(*waiting).c_str());
}

void Machine::sync_block(Site site) {
  if (at_barrier_ > 0 && !same_site(barrier_site_, site)) {
    fault("is at the barrier %s while others of its block are at %s", name_of(site).c_str(),
          name_of(barrier_site_).c_str());
  }
  barrier_site_ = site;
  if (++at_barrier_ < n_threads_) {
    pause("a barrier of the block", site);
  } else {
    at_barrier_ = 0;
    for (ThreadState& thread : threads_) thread.is = ThreadState::Is::kReady;
  }
  ++running_->actor.now.barrier_epoch;
}

void Machine::collect(const char* what, uint32_t mask, void* slot, Site site,
                      const std::function<void(void* const (&)[kWarp])>& combine) {
  const uint32_t lane = this->lane();
  const uint32_t warp = thread() / kWarp;
  if ((mask >> lane & 1) == 0) fault("calls %s with a mask 0x%08x that it is not in", what, mask);
  std::vector<Collective>& open = collectives_[warp];
  auto it = std::find_if(open.begin(), open.end(), [&](const Collective& c) { return c.mask == mask; });
  if (it == open.end()) it = open.insert(open.end(), Collective{what, mask, site});
  if (!same_site(it->site, site)) {
    fault("calls %s at %s while lanes of its mask are in %s at %s", what, name_of(site).c_str(), it->what,
          name_of(it->site).c_str());
  }
  it->arrived |= 1u << lane;
  it->slots[lane] = slot;
  if (it->arrived != mask) {
    pause(what, site);
    return;
  }
  const Collective whole = *it;
  open.erase(it);
  combine(whole.slots);
  for (uint32_t rest = mask; rest != 0; rest &= rest - 1) {
    threads_[warp * kWarp + static_cast<uint32_t>(std::countr_zero(rest))].is = ThreadState::Is::kReady;
  }
}

void Machine::sync_warp(uint32_t mask, Site site) {
  collect("a barrier of the warp", mask, nullptr, site, [](void* const(&)[kWarp]) {});
  if (mask == kAllLanes) ++running_->actor.now.warp_epoch;
}

Region* Machine::shared(const void* key, const char* name, size_t bytes, size_t granule) {
  size_t total = 0;
  for (auto& [other, array] : shared_) {
    if (other == key) {
      array.used = true;
      return array.region.get();
    }
    total += array.region->bytes();
  }
  if (total + bytes > kSharedBytes) {
    fault("wants %zu bytes of shared memory, a block has %zu", total + bytes, kSharedBytes);
  }
  SharedArray array;
  array.memory = std::make_unique<std::byte[]>(bytes + 128);
  void* base = array.memory.get();
  size_t space = bytes + 128;
  std::align(128, bytes, base, space);
  array.region =
      std::make_unique<Region>(name, Access::kShared, base, bytes, 1, bytes, granule, nullptr, &traffic);
  array.used = true;
  shared_.emplace_back(key, std::move(array));
  return shared_.back().second.region.get();
}

}  // namespace qwq::cuda::sim
