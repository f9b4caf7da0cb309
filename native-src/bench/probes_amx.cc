#include <immintrin.h>

#include "bench/probes.h"

#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace qwq::bench {
namespace {

constexpr int kTileRows = 16;
constexpr int kRowBytes = 64;
constexpr int kTileBytes = kTileRows * kRowBytes;
// Four products of 16 x 16 results over 64 bytes of depth.
constexpr double kInt8Ops = 4 * 2.0 * 16 * 16 * 64;
constexpr double kBf16Ops = kInt8Ops / 2;

// The layout of LDTILECFG's operand: palette 1, eight tiles of 16 rows of 64 bytes.
class TileConfig {
 public:
  TileConfig() {
    alignas(64) uint8_t config[64] = {1};
    for (int tile = 0; tile < 8; ++tile) {
      config[16 + 2 * tile] = kRowBytes;
      config[48 + tile] = kTileRows;
    }
    // GCC's intrinsic tells of the first eight bytes only, and the others' stores would be dropped.
    asm volatile("" : : "r"(config) : "memory");
    _tile_loadconfig(config);
  }
  ~TileConfig() { _tile_release(); }
  TileConfig(const TileConfig&) = delete;
  TileConfig& operator=(const TileConfig&) = delete;
};

// Two by two tiles: 0 to 3 accumulate the products of 4 and 5 with 6 and 7.
uint64_t int8_registers(int64_t iterations) {
  const TileConfig config;
  for (int64_t i = 0; i < iterations; ++i) {
    _tile_dpbssd(0, 4, 6);
    _tile_dpbssd(1, 4, 7);
    _tile_dpbssd(2, 5, 6);
    _tile_dpbssd(3, 5, 7);
  }
  return 0;
}

uint64_t bf16_registers(int64_t iterations) {
  const TileConfig config;
  for (int64_t i = 0; i < iterations; ++i) {
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
  return 0;
}

// Each product of four loads its operands from a buffer that fits the first-level cache.
constexpr int kBufferTiles = 16;

uint64_t int8_loads(int64_t iterations) {
  alignas(64) std::byte buffer[kBufferTiles * kTileBytes] = {};
  const TileConfig config;
  for (int64_t i = 0; i < iterations; ++i) {
    const std::byte* tiles = buffer + i % (kBufferTiles / 4) * 4 * kTileBytes;
    _tile_loadd(4, tiles, kRowBytes);
    _tile_loadd(5, tiles + kTileBytes, kRowBytes);
    _tile_loadd(6, tiles + 2 * kTileBytes, kRowBytes);
    _tile_loadd(7, tiles + 3 * kTileBytes, kRowBytes);
    _tile_dpbssd(0, 4, 6);
    _tile_dpbssd(1, 4, 7);
    _tile_dpbssd(2, 5, 6);
    _tile_dpbssd(3, 5, 7);
  }
  return 0;
}

uint64_t bf16_loads(int64_t iterations) {
  alignas(64) std::byte buffer[kBufferTiles * kTileBytes] = {};
  const TileConfig config;
  for (int64_t i = 0; i < iterations; ++i) {
    const std::byte* tiles = buffer + i % (kBufferTiles / 4) * 4 * kTileBytes;
    _tile_loadd(4, tiles, kRowBytes);
    _tile_loadd(5, tiles + kTileBytes, kRowBytes);
    _tile_loadd(6, tiles + 2 * kTileBytes, kRowBytes);
    _tile_loadd(7, tiles + 3 * kTileBytes, kRowBytes);
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
  return 0;
}

constexpr ArithmeticProbe kArithmetic[] = {
    {"int8 AMX, registers", kInt8Ops, &int8_registers, false},
    {"int8 AMX, loads from L1", kInt8Ops, &int8_loads, false},
    {"bf16 AMX, registers", kBf16Ops, &bf16_registers, true},
    {"bf16 AMX, loads from L1", kBf16Ops, &bf16_loads, false},
};

// The processor must have the tiles, and Linux gives them to processes that ask.
bool usable() {
  if (__builtin_cpu_supports("amx-tile") == 0 || __builtin_cpu_supports("amx-int8") == 0 ||
      __builtin_cpu_supports("amx-bf16") == 0) {
    return false;
  }
#if defined(__linux__)
  constexpr int kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM
  constexpr int kTileData = 18;
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}

}  // namespace

const IsaProbes kAmxProbes = {"amx", &usable, kArithmetic, nullptr};

}  // namespace qwq::bench
