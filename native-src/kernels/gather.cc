#include <cstring>

#include "kernels/backend.h"

namespace qwq {

void gather_rows(OpContext&, const GatherArgs& args) {
  const size_t row_bytes = static_cast<size_t>(args.n_cols) * sizeof(float);
  for (int64_t r = 0; r < args.n_rows; ++r) {
    std::memcpy(args.out + r * args.n_cols, args.x + args.rows[r] * args.n_cols, row_bytes);
  }
}

}  // namespace qwq
