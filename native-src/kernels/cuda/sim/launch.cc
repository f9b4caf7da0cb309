#include "kernels/cuda/sim/launch.h"

namespace qwq::cuda {

sim::Region* Launch::add_region(const char* name, sim::Access access, void* p, size_t row_bytes, size_t rows,
                                size_t stride_bytes, size_t granule) {
  std::shared_ptr<sim::Tracked> tracked;
  const size_t bytes = rows == 0 ? 0 : (rows - 1) * stride_bytes + row_bytes;
  for (const auto& candidate : stream_.tracked_) {
    if (candidate->holds(p, bytes)) {
      tracked = candidate;  // the latest: scratch memory of an operator lies in that of a device
    } else if (bytes > 0 && candidate->touches(p, bytes)) {
      sim::fault("%s: %s lies partly in scratch memory", kernel_, name);
    }
  }
  auto region = std::make_unique<sim::Region>(name, access, p, row_bytes, rows, stride_bytes, granule,
                                              tracked, &stream_.machine_.traffic);
  for (const auto& other : *regions_) {
    if ((region->writable() || other->writable()) && region->overlaps(*other)) {
      sim::fault("%s: %s and %s overlap, one of them is written", kernel_, name, other->name().c_str());
    }
  }
  regions_->push_back(std::move(region));
  return regions_->back().get();
}

void Launch::run_body(Stream& stream, const char* kernel, const Regions& regions, const LaunchShape& shape,
                      const std::function<void()>& body) {
  sim::Machine& machine = stream.machine_;
  machine.traffic = {};
  machine.matrix_products = 0;
  try {
    const auto size = [](int64_t n) {
      return n > 0 && n < (int64_t{1} << 31) ? static_cast<uint32_t>(n) : 0u;
    };
    machine.run(kernel, {size(shape.grid_x), size(shape.grid_y), size(shape.grid_z)},
                static_cast<uint32_t>(shape.threads), shape.early, body);
    for (const auto& region : regions) {
      try {
        region->check_complete();
      } catch (const sim::Fault& e) {
        sim::fault("%s: %s", kernel, e.what());
      }
    }
  } catch (const sim::Fault& e) {
    sim::fault("%s (simulator seed %llu)", e.what(), static_cast<unsigned long long>(stream.seed_));
  }
  KernelCounts& counts = stream.counts_[kernel];
  ++counts.launches;
  counts.blocks += static_cast<uint64_t>(shape.grid_x * shape.grid_y * shape.grid_z);
  counts.traffic.global_read += machine.traffic.global_read;
  counts.traffic.global_written += machine.traffic.global_written;
  counts.traffic.shared_read += machine.traffic.shared_read;
  counts.traffic.shared_written += machine.traffic.shared_written;
  counts.matrix_products += machine.matrix_products / kWarp;
}

}  // namespace qwq::cuda
