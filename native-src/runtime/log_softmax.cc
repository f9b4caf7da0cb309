#include "runtime/log_softmax.h"

#include <string_view>

#include "kernels/cpu/isa.h"
#include "runtime/vocabulary_loops.h"

namespace qwq {

namespace {

struct Generic;

// The best that the processor can run.
const VocabularyLoops& pick_loops() {
  const VocabularyLoops* best = &VocabularyLoopsOf<Generic>::kTable;
#if defined(__x86_64__)
  for (const CpuIsa& isa : cpu_isas()) {
    if (!isa.usable()) continue;
    const std::string_view name(isa.name);
    if (name == "avx2") best = &vocabulary_loops_avx2();
    if (name == "avx512_vnni") best = &vocabulary_loops_avx512_vnni();
  }
#endif
  return *best;
}

const VocabularyLoops& loops() {
  static const VocabularyLoops& picked = pick_loops();
  return picked;
}

}  // namespace

const VocabularyLoops& vocabulary_loops_generic() { return VocabularyLoopsOf<Generic>::kTable; }

bool all_finite(const float* logits, size_t n) { return loops().all_finite(logits, n); }

float max_of(const float* values, size_t n) { return loops().max_of(values, n); }

Weight sum_weights(const float* x, size_t n, float shift) { return loops().sum_weights(x, n, shift); }

LogSoftmax log_softmax(const float* logits, size_t n) {
  const float max = max_of(logits, n);
  return {max, log_sum_exp(max, sum_weights(logits, n, max))};
}

}  // namespace qwq
