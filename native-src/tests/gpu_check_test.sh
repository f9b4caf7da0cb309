#!/usr/bin/env bash
# What native-src/tools/gpu-check.sh says before it builds anything, with an nvidia-smi that is made up.
set -euo pipefail
check=$(cd "$(dirname "$0")/../tools" && pwd)/gpu-check.sh
fake=$(mktemp -d)
trap 'rm -rf "$fake"' EXIT
failed=0

# expect MESSAGE STATUS-OF-NVIDIA-SMI OUTPUT-OF-NVIDIA-SMI ARGUMENTS...: the check ends with 2 and says so in a line.
expect() {
  local message=$1 status=0 said
  printf '#!/bin/sh\ncat <<"END"\n%s\nEND\nexit %s\n' "$3" "$2" >"$fake/nvidia-smi"
  chmod +x "$fake/nvidia-smi"
  shift 3
  said=$(cd "$fake" && PATH=$fake:$PATH "$check" "$@" 2>&1) || status=$?
  if [[ $status != 2 || $said != "gpu-check: "*"$message"* || $said == *$'\n'* ]]; then
    printf 'expected status 2 and "%s", found %s and "%s"\n' "$message" "$status" "$said"
    failed=1
  fi
}

expect "no GPU 3: nvidia-smi says: No devices were found" 6 "No devices were found" --device 3
expect "NVIDIA GTX has compute capability 6.1; 7.5 is the least" 0 "NVIDIA GTX, 6.1, 580.65.06, 8192 MiB"
expect "the driver is 550.54.15; r580 is the first" 0 "NVIDIA RTX, 8.9, 550.54.15, 24564 MiB"
expect "gives no compute capability: NVIDIA RTX" 0 "NVIDIA RTX, [N/A], 580.65.06, 24564 MiB"
expect "--device: expected a number from 0 on, found 'x'" 0 "" --device x
expect "--jobs: expected a number from 1 on, found '0'" 0 "" --jobs 0
expect "--out: expected a value" 0 "" --out
expect "unknown option --fast" 0 "" --fast 1
[[ $(find "$fake" -mindepth 1) == "$fake/nvidia-smi" ]] || { echo "it left files behind" && failed=1; }
((failed)) || echo "8 passed"
exit "$failed"
