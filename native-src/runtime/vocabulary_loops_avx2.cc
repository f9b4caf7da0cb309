#include "runtime/vocabulary_loops.h"

namespace qwq {

struct Avx2;

const VocabularyLoops& vocabulary_loops_avx2() { return VocabularyLoopsOf<Avx2>::kTable; }

}  // namespace qwq
