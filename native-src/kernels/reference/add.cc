#include "kernels/reference/reference.h"

namespace qwq::reference {

void add(OpContext&, const AddArgs& args) {
  for (int64_t i = 0; i < args.count; ++i) args.x[i] += args.y[i];
}

}  // namespace qwq::reference
