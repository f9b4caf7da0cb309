#include "runtime/engine_config.h"

#include <algorithm>
#include <cinttypes>

#include "runtime/error.h"
#include "runtime/placements.h"

namespace qwq {

namespace {

constexpr int kMaxThreads = 1024;
constexpr int kMinBlockSize = kKvGroup;
constexpr int kMaxBlockSize = 256;

int in_range(const char* field, int32_t value, int32_t low, int32_t high) {
  if (value < low || value > high) {
    invalid("config.%s: expected %" PRId32 " .. %" PRId32 ", found %" PRId32, field, low, high, value);
  }
  return value;
}

int positive(const char* field, int32_t value) {
  if (value <= 0) invalid("config.%s: expected more than 0, found %" PRId32, field, value);
  return value;
}

// Devices compute with f32 of f16 and q8_0. So does the cpu beside them: all layers have one layout, and it
// must not change bits where a layer lies.
KvType find_kv_type(const qwq_engine_config& config, const std::vector<Placement>& placements) {
  const auto device =
      std::find_if(placements.begin(), placements.end(), [](const Placement& p) { return p.on_device(); });
  const bool on_device = device != placements.end();
  const bool reference = config.backend == QWQ_BACKEND_REFERENCE;
  switch (config.kv_type) {
    case QWQ_KV_AUTO:
      return reference ? KvType::kF32 : on_device ? KvType::kF16 : KvType::kI16;
    case QWQ_KV_F16:
      return reference ? KvType::kF32 : KvType::kF16;
    case QWQ_KV_I16:
      if (on_device) {
        fail(QWQ_UNSUPPORTED,
             "config.kv_type: i16 is for engines whose layers are all on the cpu, but layers %d to %d are on "
             "device \"%s\": use f16",
             device->first_layer, device->first_layer + device->n_layers - 1, device->device.c_str());
      }
      return reference ? KvType::kF32 : KvType::kI16;
    case QWQ_KV_Q8_0:
      return reference || on_device ? KvType::kQ8_0 : KvType::kI8;
    default:
      invalid("config.kv_type: expected an enum qwq_kv_type, found %" PRId32, config.kv_type);
  }
}

}  // namespace

EngineConfig check_engine_config(const qwq_engine_config& config, int n_layers) {
  EngineConfig c;
  c.placements = check_placements(config, n_layers);
  const Placement& first = c.placements.front();
  c.host = first.on_device() ? cpu_backend("") : first.backend;
  c.kv_type = find_kv_type(config, c.placements);
  c.pin_threads = in_range("pin_threads", config.pin_threads, 0, 1) != 0;
  c.n_threads = in_range("n_threads", config.n_threads, 1, kMaxThreads);
  c.kv_block_size = in_range("kv_block_size", config.kv_block_size, kMinBlockSize, kMaxBlockSize);
  if ((c.kv_block_size & (c.kv_block_size - 1)) != 0) {
    invalid("config.kv_block_size: expected a power of two, found %d", c.kv_block_size);
  }
  // Devices have one block more.
  const bool on_device =
      std::any_of(c.placements.begin(), c.placements.end(), [](const Placement& p) { return p.on_device(); });
  const int32_t most_blocks = std::numeric_limits<int32_t>::max() - (on_device ? 1 : 0);
  c.n_kv_blocks = in_range("n_kv_blocks", config.n_kv_blocks, 1, most_blocks);
  c.max_batch_tokens = positive("max_batch_tokens", config.max_batch_tokens);
  c.max_sequences = positive("max_sequences", config.max_sequences);
  c.loaded_bytes = config.loaded_bytes;
  c.load_cancel = config.load_cancel;
  return c;
}

}  // namespace qwq
