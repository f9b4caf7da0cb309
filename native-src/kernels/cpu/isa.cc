#include "kernels/cpu/isa.h"

#include <array>
#include <cstdint>
#include <string_view>

#include "kernels/cpu/variants.h"

#if defined(__x86_64__)
#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif
#elif defined(__aarch64__) && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace qwq {
namespace {

using Isas = std::array<CpuIsa, 6>;

[[maybe_unused]] constexpr bool all_set(uint64_t value, uint64_t bits) { return (value & bits) == bits; }

constexpr CpuIsa absent(const char* name) { return {name, false, false, false, nullptr}; }

#if defined(__x86_64__)

struct Registers {
  uint32_t eax = 0;
  uint32_t ebx = 0;
  uint32_t ecx = 0;
  uint32_t edx = 0;
};

// Zeros for a leaf the processor does not have.
Registers cpuid(uint32_t leaf, uint32_t subleaf = 0) {
  Registers r;
  if (__get_cpuid_count(leaf, subleaf, &r.eax, &r.ebx, &r.ecx, &r.edx) == 0) return {};
  return r;
}

// Which register files the operating system saves (XCR0); zero without XSAVE.
uint64_t saved_registers(const Registers& features) {
  constexpr uint32_t kOsXsave = 1u << 27;
  if ((features.ecx & kOsXsave) == 0) return 0;
  uint32_t low;
  uint32_t high;
  asm("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low | static_cast<uint64_t>(high) << 32;
}

// Linux gives the 8 KiB of tiles only to processes that ask, once and for all their threads; refused where a
// signal stack is too small for them.
bool may_use_tiles() {
#if defined(__linux__)
  constexpr long kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM
  constexpr long kTileData = 18;               // XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}

Isas detect() {
  const Registers basic = cpuid(1);
  const Registers extended = cpuid(7);
  const Registers more = cpuid(7, 1);
  const uint64_t saved = saved_registers(basic);

  constexpr uint32_t kFma = 1u << 12;
  constexpr uint32_t kAvx = 1u << 28;
  constexpr uint32_t kF16c = 1u << 29;
  constexpr uint32_t kAvx2 = 1u << 5;
  const bool avx2 = all_set(basic.ecx, kFma | kAvx | kF16c) && all_set(extended.ebx, kAvx2);

  constexpr uint32_t kAvx512F = 1u << 16;
  constexpr uint32_t kAvx512Dq = 1u << 17;
  constexpr uint32_t kAvx512Bw = 1u << 30;
  constexpr uint32_t kAvx512Vl = 1u << 31;
  constexpr uint32_t kAvx512Vnni = 1u << 11;
  const bool avx512_vnni = avx2 && all_set(extended.ebx, kAvx512F | kAvx512Dq | kAvx512Bw | kAvx512Vl) &&
                           all_set(extended.ecx, kAvx512Vnni);

  constexpr uint32_t kAmxTile = 1u << 24;
  constexpr uint32_t kAmxInt8 = 1u << 25;
  constexpr uint32_t kAmxBf16 = 1u << 22;
  constexpr uint32_t kAvx512Bf16 = 1u << 5;
  const bool amx = avx512_vnni && all_set(extended.edx, kAmxTile | kAmxInt8 | kAmxBf16) &&
                   all_set(more.eax, kAvx512Bf16);

  constexpr uint64_t kYmm = 0x06;  // SSE and AVX state
  constexpr uint64_t kZmm = 0xe6;  // and mask registers, upper halves, zmm16-31
  constexpr uint64_t kTiles = 0x60000;
  return {{
      {"generic", true, true, true, &cpu::generic_backend},
      {"avx2", true, avx2, all_set(saved, kYmm), &cpu::avx2_backend},
      {"avx512_vnni", true, avx512_vnni, all_set(saved, kZmm), &cpu::avx512_vnni_backend},
      {"amx", true, amx, amx && all_set(saved, kZmm | kTiles) && may_use_tiles(), &cpu::amx_backend},
      absent("neon"),
      absent("neon_dotprod"),
  }};
}

#elif defined(__aarch64__)

Isas detect() {
#if defined(__linux__)
  // The kernel lists only what it has also switched on.
  const unsigned long features = getauxval(AT_HWCAP);
  const bool neon = (features & HWCAP_ASIMD) != 0;
  const bool dotprod = all_set(features, HWCAP_ASIMD | HWCAP_ASIMDDP | HWCAP_ATOMICS);
#else
  const bool neon = true;  // a part of the base architecture
  const bool dotprod = false;
#endif
  return {{
      {"generic", true, true, true, &cpu::generic_backend},
      absent("avx2"),
      absent("avx512_vnni"),
      absent("amx"),
      {"neon", true, neon, neon, &cpu::neon_backend},
      {"neon_dotprod", true, dotprod, dotprod, &cpu::neon_dotprod_backend},
  }};
}

#else

Isas detect() {
  return {{
      {"generic", true, true, true, &cpu::generic_backend},
      absent("avx2"),
      absent("avx512_vnni"),
      absent("amx"),
      absent("neon"),
      absent("neon_dotprod"),
  }};
}

#endif

}  // namespace

std::span<const CpuIsa> cpu_isas() {
  static const Isas isas = detect();
  return isas;
}

const Backend* cpu_backend(const char* isa_name) {
  const std::string_view wanted(isa_name);
  const Backend* best = nullptr;
  for (const CpuIsa& isa : cpu_isas()) {
    if (isa.usable() && (wanted.empty() || wanted == isa.name)) best = isa.backend;
  }
  return best;
}

}  // namespace qwq
