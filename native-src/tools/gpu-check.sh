#!/usr/bin/env bash
# Checks qwq on the NVIDIA GPU of this machine, from sources to a table:
#
#   native-src/tools/gpu-check.sh [options]
#
#   --device N       which GPU (default: 0)
#   --out FOLDER     where results go (default: gpu-check); they are never deleted
#   --models FOLDER  where models are, or are written; 25 GB for both shapes (default: OUT/models)
#   --shapes LIST    shapes of models of random weights (default: 7b,32b)
#   --jobs N         compilers at a time (default: one for each processor)
#   --quick          without compute-sanitizer, and with the shape 7b only
#
# Builds for this GPU alone, runs every kernel's tests and the tests of whole models on it, under compute-sanitizer too
# where that is installed, then measures kernels against the GPU's own limits and whole models against those. Writes
# OUT/report.json and OUT/report.md. Needs what CONTRIBUTING.md asks for, nvcc 13 and NVIDIA's driver r580 or newer.
# Ends with status 2 at once where there is no GPU, with 1 where something fails; what fails does not keep the rest
# from running, but for the build.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)

device=0
out="gpu-check"
models=
shapes=7b,32b
jobs=$(nproc)
quick=
fail() {
  printf 'gpu-check: %s\n' "$1" >&2
  exit 2
}
while (($#)); do
  case $1 in
    --quick) quick=1 && shift && continue ;;
    --help | -h) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0" && exit 0 ;;
  esac
  (($# > 1)) || fail "$1: expected a value"
  case $1 in
    --device) device=$2 ;;
    --out) out=$2 ;;
    --models) models=$2 ;;
    --shapes) shapes=$2 ;;
    --jobs) jobs=$2 ;;
    *) fail "unknown option $1" ;;
  esac
  shift 2
done
[[ $device =~ ^[0-9]+$ ]] || fail "--device: expected a number from 0 on, found '$device'"
[[ $jobs =~ ^[1-9][0-9]*$ ]] || fail "--jobs: expected a number from 1 on, found '$jobs'"
[[ -z $quick ]] || shapes=7b

# Early and clearly: what is missing, before anything takes time.
command -v nvidia-smi >/dev/null || fail "no GPU: nvidia-smi is not there, so NVIDIA's driver is not installed"
gpu=$(nvidia-smi --id="$device" --query-gpu=name,compute_cap,driver_version,memory.total --format=csv,noheader 2>&1) ||
  fail "no GPU $device: nvidia-smi says: ${gpu//$'\n'/ }"
IFS=, read -r name capability driver memory <<<"$gpu"
architecture=$(tr -d ' .' <<<"$capability")
[[ $architecture =~ ^[0-9]+$ ]] || fail "nvidia-smi gives no compute capability: $gpu"
((architecture >= 75)) || fail "$name has compute capability$capability; 7.5 is the least that is supported"
((${driver%%.*} >= 580)) || fail "the driver is$driver; r580 is the first that supports CUDA 13"
nvcc=$(command -v nvcc || true)
[[ -n $nvcc ]] || nvcc=/usr/local/cuda/bin/nvcc
[[ -x $nvcc ]] || fail "nvcc is not there; CUDA 13 has it"
"$nvcc" --version | grep -q 'release 1[3-9]\.' || fail "$nvcc is older than CUDA 13"
for tool in cmake ninja mvn java; do
  command -v "$tool" >/dev/null || fail "$tool is not there; see CONTRIBUTING.md"
done

mkdir -p "$out"
out=$(cd "$out" && pwd)
models=${models:-$out/models}
mkdir -p "$models"
models=$(cd "$models" && pwd)
build=$root/build/release
failures=()
step() { printf '\n== %s (%d s)\n' "$1" "$SECONDS"; }
# check NAME COMMAND...: the command's output goes to a file; what fails is remembered.
check() {
  local log=$out/$1.log
  local what=$1
  shift
  if "$@" >"$log" 2>&1; then
    printf '%-28s passed  %s\n' "$what" "$(tail -n 1 "$log")"
  else
    printf '%-28s FAILED, see %s\n' "$what" "$log"
    failures+=("$what")
  fi
}

step "$name, compute capability$capability, driver$driver,$memory"
cd "$root"
export CMAKE_BUILD_PARALLEL_LEVEL=$jobs
export CUDA_VISIBLE_DEVICES=$device CUDA_DEVICE_ORDER=PCI_BUS_ID # from here on it is device 0

step "Build for sm_$architecture"
# Maven configures without tests, which this check is about: they come last.
build_all() {
  cmake --preset release --log-level=WARNING -DQWQ_CUDA=ON "-DQWQ_CUDA_ARCHITECTURES=$architecture" &&
    cmake --build --preset release -- --quiet &&
    mvn -q -B --no-transfer-progress -Dqwq.cuda=ON -DskipTests package &&
    cmake --preset release --log-level=WARNING -DQWQ_TESTS=ON -DQWQ_BENCH=ON &&
    cmake --build --preset release --target gpu_tests gpu_bench -- --quiet
}
if ! build_all >"$out/build.log" 2>&1; then
  tail -n 20 "$out/build.log" >&2
  printf 'gpu-check: the build failed, see %s\n' "$out/build.log" >&2
  exit 1
fi
java -jar qwq-examples/target/qwq.jar doctor | tee "$out/doctor.txt"

step "Tests of kernels and of models on the GPU"
tests=("$build"/gpu_*_test)
for test in "${tests[@]}"; do
  check "$(basename "$test")" "$test"
done
# The golden reply of the bundled model, token for token what the cpu backend says.
prompt='How many r'\''s are in the word "strawberry"'
reply() { java -jar qwq-examples/target/qwq.jar generate --prompt "$prompt" --temperature 0 "$@"; }
same_reply() {
  reply >"$out/reply-cpu.txt" && reply --device 0 >"$out/reply-gpu.txt" &&
    cmp "$out/reply-cpu.txt" "$out/reply-gpu.txt" && echo "the same reply as on the processor"
}
check golden_reply same_reply

if [[ -n $quick ]]; then
  echo "compute-sanitizer: left out (--quick)"
elif sanitizer=$(command -v compute-sanitizer || ls /usr/local/cuda/bin/compute-sanitizer 2>/dev/null); then
  step "Tests under compute-sanitizer"
  for test in "${tests[@]}"; do
    # Whole models take hours there, and launch the same kernels.
    [[ $test == *engine* || $test == *placement* ]] && continue
    for tool in memcheck racecheck synccheck; do
      check "${tool}_$(basename "$test")" timeout 1800 "$sanitizer" --tool "$tool" --error-exitcode 1 "$test"
    done
  done
else
  echo "compute-sanitizer: not installed, left out" | tee "$out/compute-sanitizer.log"
fi

step "Kernels against the limits of this GPU"
kernels=()
if "$build/gpu_bench" --json >"$out/kernels.json" 2>"$out/kernels.log"; then
  kernels=(--kernels "$out/kernels.json")
else
  cat "$out/kernels.log" >&2
  failures+=(gpu_bench)
fi

step "Models of the shapes $shapes"
java -jar qwq-bench/target/qwq-bench.jar gpu --device 0 --shapes "$shapes" --folder "$models" "${kernels[@]}" \
  --out "$out/report" >"$out/models.txt" 2>"$out/models.log" || {
  cat "$out/models.log" >&2
  failures+=(models)
}

step "Summary"
[[ -f $out/report.md ]] && sed '/^## Kernels/,$d' "$out/report.md"
if ((${#failures[@]})); then
  printf 'FAILED: %s\n' "${failures[*]}"
  exit 1
fi
echo "all passed; $out/report.json, $out/report.md"
