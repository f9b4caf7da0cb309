#include "formats/format_table.h"
#include "kernels/reference/reference.h"

namespace qwq::reference {

void embed(OpContext& ctx, const EmbedArgs& args) {
  const Tensor& table = *args.table;
  const FormatInfo& format = *find_format(table.dtype);
  for (int64_t r = 0; r < args.n_rows && !ctx.cancelled(); ++r) {
    format.dequantize_row(table.row(args.tokens[r]), args.out + r * table.cols, table.cols);
  }
}

}  // namespace qwq::reference
