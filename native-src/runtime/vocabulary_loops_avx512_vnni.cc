#include "runtime/vocabulary_loops.h"

namespace qwq {

struct Avx512Vnni;

const VocabularyLoops& vocabulary_loops_avx512_vnni() { return VocabularyLoopsOf<Avx512Vnni>::kTable; }

}  // namespace qwq
