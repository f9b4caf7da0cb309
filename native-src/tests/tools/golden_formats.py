#!/usr/bin/env python3
"""Writes formats_golden.h: blocks of every quantised format as the Python package gguf decodes them.

    golden_formats.py > native-src/tests/formats_golden.h        # needs gguf, numpy

Of each format one random block is listed with some of its elements, to be read, and the checksum of many blocks, whose
bytes come from a generator that the test has too. They are so many that every byte of a block takes every value.
"""
import gguf
import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, quants

SEED = 20250306
BLOCKS = 4096
# Format and offsets of its f16 fields.
FORMATS = [
    ("Q4_0", [0]), ("Q4_1", [0, 2]), ("Q5_0", [0]), ("Q5_1", [0, 2]), ("Q8_0", [0]), ("Q2_K", [80, 82]),
    ("Q3_K", [108]), ("Q4_K", [0, 2]), ("Q5_K", [0, 2]), ("Q6_K", [208]), ("IQ4_NL", [0]), ("IQ4_XS", [0]),
]


def random_bytes(count: int) -> np.ndarray:
    """The top bytes of a 64-bit linear congruential generator."""
    out = np.empty(count, np.uint8)
    state = SEED
    for i in range(count):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        out[i] = state >> 56
    return out


def checksum(values: np.ndarray) -> int:
    """Sum of the bits of element i times 2 i + 1 times a constant, modulo 2^64."""
    bits = values.view(np.uint32).astype(np.uint64)
    factors = (2 * np.arange(bits.size, dtype=np.uint64) + 1) * np.uint64(0x9E3779B97F4A7C15)
    return int((bits * factors).sum(dtype=np.uint64))


def finite(blocks: np.ndarray, offsets: list[int]) -> np.ndarray:
    """Clears a bit of the exponent of f16 fields."""
    for offset in offsets:
        blocks[:, offset + 1] &= 0xBB
    return blocks


def literal(value: float) -> str:
    mantissa, exponent = float(value).hex().split("p")
    return f"{mantissa.rstrip('0').rstrip('.')}p{exponent}f"


def lines(items: list[str], separator: str, width: int, indent: str) -> str:
    out, line = [], indent
    for i, item in enumerate(items):
        piece = item + (separator if i + 1 < len(items) else "")
        if len(line) + len(piece) > width and line.strip():
            out.append(line.rstrip())
            line = indent
        line += piece + (" " if separator else "")
    return "\n".join(out + [line.rstrip()])


def main() -> None:
    print(f"// Written by tools/golden_formats.py with the Python package gguf. Do not edit.\n"
          f"#pragma once\n\n#include <cstdint>\n#include <vector>\n\n#include \"runtime/tensor.h\"\n\n"
          f"namespace qwq::test {{\n\n// clang-format off\n\n"
          f"inline constexpr uint64_t kGoldenSeed = {SEED};\n"
          f"inline constexpr int kGoldenBlocks = {BLOCKS};\n\n"
          f"struct Golden {{\n  DType dtype;\n"
          f"  uint64_t checksum;   // of kGoldenBlocks generated blocks\n"
          f"  const char* block;   // hexadecimal\n  int stride;          // of the elements listed\n"
          f"  std::vector<float> values;\n}};\n\ninline const Golden kGolden[] = {{")
    rng = np.random.default_rng(SEED)
    for name, offsets in FORMATS:
        dtype = GGMLQuantizationType[name]
        elements, size = GGML_QUANT_SIZES[dtype]
        generated = finite(random_bytes(BLOCKS * size).reshape(BLOCKS, size), offsets)
        assert all(len(np.unique(generated[:, i])) == 256 for i in range(size) if i - 1 not in offsets)
        total = checksum(quants.dequantize(generated, dtype).ravel())
        block = finite(rng.integers(0, 256, (1, size), np.uint8), offsets)
        for offset in offsets:  # about 0.01: what files hold
            block[0, offset + 1] = (block[0, offset + 1] & 0x83) | 0x20
        stride = 5 if elements == 32 else 23
        values = quants.dequantize(block, dtype).ravel()[::stride]
        digits = block.tobytes().hex()
        quoted = [f'"{digits[i:i + 96]}"' for i in range(0, len(digits), 96)]
        print(f"    {{DType::k{name}, 0x{total:016x},\n"
              + "\n".join("     " + q for q in quoted) + f",\n     {stride},\n     {{"
              + lines([literal(v) for v in values], ",", 104, "      ").lstrip() + "}},")
    print("};\n\n// clang-format on\n\n}  // namespace qwq::test")


if __name__ == "__main__":
    main()
