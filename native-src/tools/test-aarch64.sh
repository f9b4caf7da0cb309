#!/usr/bin/env bash
# Builds everything for 64-bit ARM and runs the native tests under QEMU, on any Linux machine:
#
#   native-src/tools/test-aarch64.sh [arguments of ctest]
#
# On Debian: apt install g++-aarch64-linux-gnu qemu-user-static. The tests run with all that QEMU knows, and those of
# operators again as on a Cortex-A53, which has none of the later instructions: what was compiled for it must not
# contain any.
set -euo pipefail
cd "$(dirname "$0")/../.."

for tool in aarch64-linux-gnu-g++ qemu-aarch64-static; do
  if ! command -v "$tool" >/dev/null; then
    echo "not found: $tool; on Debian: apt install g++-aarch64-linux-gnu qemu-user-static" >&2
    exit 2
  fi
done

cmake --preset aarch64 --log-level=WARNING >/dev/null
cmake --build --preset aarch64 -- --quiet
ctest --preset aarch64 "$@"
QEMU_CPU=cortex-a53 ctest --preset aarch64 -R '^(ops_support|ops_elementwise|neon_levels)_test$'
